package ldapsrc

import (
	"context"
	"errors"
)

// connectError explains why there is no connection.
func (l *link) connectError(ctx context.Context, err error) error {
	var setting *ConfigError
	if errors.As(err, &setting) {
		return setting
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return &ConnectError{Key: l.cfg.key("url"), Server: l.server.String(), Problem: err.Error(), Err: err}
}

// bindError explains why the server did not let us in.
func (l *link) bindError(err error) error {
	return &BindError{Key: l.cfg.key("bind"), Server: l.server.String(), As: l.as, Problem: err.Error(), Err: err}
}
