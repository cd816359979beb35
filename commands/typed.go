package commands

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"adsync/commands/config"
)

// A typedSecret is a secret that is stored when the configuration is written.
type typedSecret struct {
	owner string // the source's id, target or proxy
	kind  string // password, token or secret
	value config.Value
	place *config.Secret // where the configuration names it
}

// file is the name of the file for the secret, and of its keyring entry.
func (t *typedSecret) file() string { return t.owner + "." + t.kind }

// what names the secret for people.
func (t *typedSecret) what() string {
	switch t.owner {
	case "target":
		return t.kind + " of the service"
	case "proxy":
		return t.kind + " of the proxy"
	}
	return t.kind + " of source " + t.owner
}

// place gives every typed secret its place: the keyring where the account of
// the schedule can open it, else a file beside the configuration. The secret of
// another configuration is not written over; one that the configuration before
// names is its own.
func (s *schedule) place(before *config.File, typed []typedSecret) {
	inKeyring := s.keyring(len(typed) > 0)
	for _, t := range typed {
		place := config.Secret{File: t.file()}
		switch {
		case inKeyring && config.InKeyring(t.file()) && !names(before, config.Secret{Keyring: t.file()}):
			place = config.Secret{Keyring: s.alone + "." + t.file()}
		case inKeyring:
			place = config.Secret{Keyring: t.file()}
		case othersName(before, place.File) && !names(before, place):
			place.File = s.name + "." + t.file()
		}
		*t.place = place
	}
}

// names reports whether a secret of a configuration is at a place.
func names(f *config.File, place config.Secret) bool {
	return slices.ContainsFunc(f.SecretKeys(), func(at config.SecretKey) bool {
		return place.File != "" && f.Abs(at.Secret.File) == f.Abs(place.File) || place.Keyring != "" && at.Secret.Keyring == place.Keyring
	})
}

// othersName reports whether another configuration in the same folder speaks of
// a file.
func othersName(f *config.File, name string) bool {
	folder := filepath.Dir(f.Path)
	files, _ := os.ReadDir(folder)
	return slices.ContainsFunc(files, func(file fs.DirEntry) bool {
		ending := filepath.Ext(file.Name())
		if file.Name() == filepath.Base(f.Path) || ending != ".yaml" && ending != ".yml" {
			return false
		}
		text, err := os.ReadFile(filepath.Join(folder, file.Name()))
		return err == nil && strings.Contains(string(text), name)
	})
}

// keyring reports whether secrets go into the keyring: where the account that
// will run the sync is this person's own and has one that is open then.
func (s *schedule) keyring(needed bool) bool {
	// cron, systemd and launchd's daemons start without anybody's keyring.
	inSession := s.kind == scheduledTask || s.kind == launchdJob && s.me != "root" || s.byHand
	return needed && s.own() && inSession && config.KeyringUsable()
}

// whereTo says where a typed secret goes.
func (s *schedule) whereTo(f *config.File, t typedSecret) string {
	if t.place.Keyring != "" {
		return fmt.Sprintf("The %s goes into this account's keyring.", t.what())
	}
	return fmt.Sprintf("The %s goes into %s, which only %s can read.", t.what(), f.Abs(t.place.File), s.readers())
}

// save stores the typed secrets and the configuration, all or nothing, so that
// the account of the schedule can read them. It returns the secrets' files.
func (s *schedule) save(f *config.File, typed []typedSecret) (files []string, err error) {
	var undo []func()
	defer func() {
		for i := len(undo) - 1; err != nil && i >= 0; i-- {
			undo[i]()
		}
	}()
	_, statErr := os.Stat(filepath.Dir(f.Path))
	fresh, before := errors.Is(statErr, fs.ErrNotExist), exists(f.Path)
	if fresh {
		undo = append(undo, func() { _ = os.Remove(filepath.Dir(f.Path)) })
	}
	for _, t := range typed {
		if t.place.Keyring != "" {
			undo = append(undo, config.RestoreKeyring(t.place.Keyring))
			if err := config.StoreKeyring(t.place.Keyring, t.value); err != nil {
				return nil, err
			}
			continue
		}
		path := f.Abs(t.place.File)
		undo = append(undo, restore(path))
		if err := config.StoreFile(path, t.value); err != nil {
			return nil, err
		}
		if before { // as for what is there already
			if err := config.SameAccess(path, f.Path); err != nil {
				return nil, err
			}
		}
		files = append(files, path)
	}
	undo = append(undo, restore(f.Path), restore(f.Path+".bak"))
	if err := f.Save(f.Path); err != nil {
		return nil, usage(err, "nothing was written")
	}
	if before && !s.named {
		return files, s.check(f) // it has kept who may read it
	}
	own := append(files, f.Path)
	if fresh {
		own = append(own, filepath.Dir(f.Path))
	}
	if err := s.handOver(f, own); err != nil {
		return nil, err
	}
	return files, s.check(f)
}

// restore is what puts a file back as it is now.
func restore(path string) func() {
	text, err := os.ReadFile(path)
	info, statErr := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return func() { _ = os.Remove(path) }
	case err != nil || statErr != nil:
		return func() {}
	}
	return func() {
		_ = os.WriteFile(path, text, info.Mode().Perm())
		_ = os.Chtimes(path, time.Time{}, info.ModTime())
	}
}
