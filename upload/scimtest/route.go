package scimtest

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// request is an HTTP request, or an operation of a bulk request.
type request struct {
	method string
	path   string // below the base path
	query  url.Values
	header http.Header
	body   []byte
	raw    string // the query as it came
	inBulk bool
}

// maxBody bounds what is read of a request.
const maxBody = 64 << 20

// ServeHTTP answers one request. Faults are applied here, around what the service itself would answer.
func (s *Server) ServeHTTP(w http.ResponseWriter, h *http.Request) {
	body, err := readBody(h)
	if err != nil {
		http.Error(w, "body cannot be read", http.StatusBadRequest)
		return
	}
	path, ok := strings.CutPrefix(h.URL.Path, s.opts.BasePath)
	q := &request{method: h.Method, path: path, header: h.Header, body: body, raw: h.URL.RawQuery}
	if h.URL.RawQuery != "" {
		q.query, _ = url.ParseQuery(h.URL.RawQuery)
	}
	var respond func() answer
	switch {
	case s.quirks().TrailingSlash && ok && path != "" && !strings.HasSuffix(path, "/"):
		respond = func() answer { return moved(h) }
	case h.URL.Path == tokenPath:
		q.path = tokenPath
		respond = func() answer { return s.auth.issue(h.Header, body) }
	case !ok:
		respond = func() answer { return errorAnswer(fail(http.StatusNotFound, "no such endpoint")) }
	default:
		respond = func() answer { return s.respond(q, len(h.RequestURI)) }
	}
	f := s.faults.pick(q.method, q.path, h)
	entry := Request{Method: q.method, Path: q.path, BodySize: len(body), Fault: f.String()}
	if q.query != nil {
		entry.Query, _ = url.QueryUnescape(q.raw)
	}
	if s.opts.KeepBodies {
		entry.Body = body
	}
	// The line is written before the client can have the answer, so that a test that waited for it sees the line.
	deliver(s.closed, w, h, f, respond, func(status int) {
		entry.Status = status
		s.logMu.Lock()
		s.requests = append(s.requests, entry)
		s.logMu.Unlock()
	})
}

// moved sends the client to the same address with a slash at its end.
func moved(h *http.Request) answer {
	to := *h.URL
	to.Path += "/"
	a := answer{status: http.StatusMovedPermanently}
	a.set("Location", to.String())
	return a
}

func readBody(h *http.Request) ([]byte, error) {
	if h.Body == nil || h.ContentLength == 0 {
		return nil, nil
	}
	if h.ContentLength > 0 && h.ContentLength <= maxBody {
		b := make([]byte, h.ContentLength)
		_, err := io.ReadFull(h.Body, b)
		return b, err
	}
	return io.ReadAll(io.LimitReader(h.Body, maxBody))
}

// respond applies what holds for every endpoint, then routes.
func (s *Server) respond(q *request, urlLength int) answer {
	quirks := s.quirks()
	if quirks.MaxURLLength > 0 && urlLength > quirks.MaxURLLength {
		return answer{status: http.StatusRequestHeaderFieldsTooLarge}
	}
	if err := s.auth.check(q.header); err != nil {
		a := errorAnswer(err)
		a.set("WWW-Authenticate", `Bearer realm="scim"`)
		return a
	}
	if wait, ok := s.bucket.take(quirks.Rate, q.method, s.opts.Now()); !ok {
		return throttled(quirks.Rate, wait, s.opts.Now())
	}
	if err := checkHeaders(quirks, q); err != nil {
		return errorAnswer(err)
	}
	a, err := s.route(q)
	if err == nil && quirks.ByteOrderMark && len(a.body) > 0 {
		a.body = append([]byte("\ufeff"), a.body...)
	}
	if s.quirks().TextHTML && len(a.body) > 0 {
		a.set("Content-Type", "text/html; charset=UTF-8")
	}
	if err != nil {
		a = errorAnswer(err)
		if quirks.ErrorsAs500 && q.method != http.MethodGet && q.method != http.MethodPost && (a.status == http.StatusNotFound || a.status == http.StatusConflict) {
			a = errorAnswer(fail(http.StatusInternalServerError, "internal error"))
		}
	}
	return a
}

func checkHeaders(quirks *Quirks, q *request) error {
	if quirks.NeedUserAgent && q.header.Get("User-Agent") == "" {
		return fail(http.StatusForbidden, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header")
	}
	if accept := q.header.Get("Accept"); quirks.NeedAccept && !strings.Contains(accept, "application/json") && !strings.Contains(accept, "application/scim+json") {
		return badRequest("", "the Accept header must be application/json")
	}
	if kind := q.header.Get("Content-Type"); len(q.body) > 0 && kind != "" {
		if kind, _, err := mime.ParseMediaType(kind); err != nil || kind != "application/scim+json" && kind != "application/json" {
			return fail(http.StatusUnsupportedMediaType, "the body must be application/scim+json")
		}
	}
	if quirks.FilterSpaceRefused && (strings.Contains(q.raw, "+=") || strings.Contains(q.raw, "%20=") || strings.Contains(q.raw, "=+") || strings.Contains(q.raw, "=%20")) {
		return badRequest("invalidSyntax", "blank beside '=' in the query")
	}
	return nil
}

// route finds the endpoint (RFC 7644, section 3.2).
func (s *Server) route(q *request) (answer, error) {
	path := strings.TrimSuffix(q.path, "/")
	quirks := s.quirks()
	switch path {
	case "/ServiceProviderConfig", "/ResourceTypes", "/Schemas":
		return s.discovery(q, path)
	case "/Bulk":
		return s.bulk(q)
	case "/.search":
		return answer{}, fail(http.StatusNotImplemented, "searching all resource types is not supported")
	case "/Me":
		return answer{}, fail(http.StatusNotImplemented, "/Me is not supported")
	}
	if strings.HasPrefix(path, "/ResourceTypes/") || strings.HasPrefix(path, "/Schemas/") {
		return s.discovery(q, path)
	}
	for _, t := range s.types {
		rest, ok := cutEndpoint(path, t.endpoint, quirks.AnyPathCase)
		switch {
		case !ok:
			continue
		case rest == "":
			return s.collection(q, t)
		case rest == "/.search":
			return s.search(q, t)
		case strings.Count(rest, "/") == 1:
			return s.single(q, t, rest[1:])
		}
	}
	return answer{}, fail(http.StatusNotFound, "no such endpoint: %s", q.path)
}

func cutEndpoint(path, endpoint string, anyCase bool) (rest string, ok bool) {
	if anyCase && len(path) >= len(endpoint) && strings.EqualFold(path[:len(endpoint)], endpoint) {
		path = endpoint + path[len(endpoint):]
	}
	rest, ok = strings.CutPrefix(path, endpoint)
	return rest, ok && (rest == "" || rest[0] == '/')
}

func (s *Server) collection(q *request, t *resourceType) (answer, error) {
	switch q.method {
	case http.MethodGet:
		return s.list(t, listFromQuery(t, q.query))
	case http.MethodPost:
		return s.create(q, t)
	}
	return answer{}, fail(http.StatusMethodNotAllowed, "%s is not allowed here", q.method)
}

func (s *Server) single(q *request, t *resourceType, id string) (answer, error) {
	switch q.method {
	case http.MethodGet:
		return s.get(q, t, id)
	case http.MethodPut:
		return s.replace(q, t, id)
	case http.MethodPatch:
		return s.patch(q, t, id)
	case http.MethodDelete:
		return s.delete(q, t, id)
	}
	return answer{}, fail(http.StatusMethodNotAllowed, "%s is not allowed here", q.method)
}
