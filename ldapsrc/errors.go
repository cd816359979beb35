package ldapsrc

import "fmt"

// A ConfigError is a setting that cannot be used as it stands.
type ConfigError struct {
	Key     string // e.g. sources[corp].tls.ca_file
	Problem string
	Advice  string
	Err     error // the cause, if there is one
}

// Error names the configuration key and the problem.
func (e *ConfigError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Key, e.Problem, e.Err)
	}
	return e.Key + ": " + e.Problem
}

// Hint says what to do about it, or is empty.
func (e *ConfigError) Hint() string { return e.Advice }

// Unwrap returns the cause.
func (e *ConfigError) Unwrap() error { return e.Err }

// A ConnectError is a server that could not be reached or not be trusted, or
// that gave no answer. Another server of the same source may do better.
type ConnectError struct {
	Key     string // e.g. sources[corp].url
	Server  string // the URL
	Problem string
	Advice  string
	Err     error
}

// Error names the configuration key, the server and the problem.
func (e *ConnectError) Error() string {
	return fmt.Sprintf("%s: connect to %s: %s", e.Key, e.Server, e.Problem)
}

// Hint says what to do about it, or is empty.
func (e *ConnectError) Hint() string { return e.Advice }

// Unwrap returns the cause.
func (e *ConnectError) Unwrap() error { return e.Err }

// A BindError is a bind that the server or the KDC refused. It is not tried
// again, not even on another server: that is how accounts get locked.
type BindError struct {
	Key     string // e.g. sources[corp].bind.password
	Server  string // the URL
	As      string // who tried to bind
	Problem string // in words
	Advice  string
	Err     error // the server's own answer
}

// Error names the configuration key, who, where and why.
func (e *BindError) Error() string {
	return fmt.Sprintf("%s: bind to %s as %q: %s", e.Key, e.Server, e.As, e.Problem)
}

// Hint says what to do about it, or is empty.
func (e *BindError) Hint() string { return e.Advice }

// Unwrap returns the server's own answer.
func (e *BindError) Unwrap() error { return e.Err }

// key is the path of a setting of this source in the configuration file. The
// address goes by the key that it was given under.
func (c *Config) key(setting string) string {
	switch {
	case setting != "url":
	case c.Domain != "":
		setting = "domain"
	case len(c.URLs) > 1:
		setting = "urls"
	}
	return "sources[" + c.ID + "]." + setting
}
