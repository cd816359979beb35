package scimtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// answer is a whole response, kept until the faults have had their say.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a *answer) set(name, value string) {
	if a.header == nil {
		a.header = http.Header{}
	}
	a.header.Set(name, value)
}

// failure is an error with its SCIM form (RFC 7644, section 3.12).
type failure struct {
	status   int
	scimType string
	detail   string
}

func (f *failure) Error() string { return f.detail }

func fail(status int, format string, args ...any) error {
	return &failure{status: status, detail: fmt.Sprintf(format, args...)}
}

func badRequest(scimType, format string, args ...any) error {
	return &failure{http.StatusBadRequest, scimType, fmt.Sprintf(format, args...)}
}

// errorAnswer turns an error into a response.
func errorAnswer(err error) answer {
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{status: http.StatusInternalServerError, detail: err.Error()}
	}
	body := map[string]any{
		"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error"},
		"status":  strconv.Itoa(f.status),
		"detail":  f.detail,
	}
	if f.scimType != "" {
		body["scimType"] = f.scimType
	}
	return jsonAnswer(f.status, body)
}

func jsonAnswer(status int, v any) answer {
	b, err := json.Marshal(v)
	if err != nil {
		return answer{status: http.StatusInternalServerError}
	}
	return answer{status: status, body: b}
}
