package config

import (
	"bytes"
	"errors"
	"unsafe"

	"golang.org/x/sys/windows"
)

// seal encrypts with a key of this machine, which every account on it has:
// SYSTEM and a gMSA must be able to open what an administrator stored.
func seal(text []byte) ([]byte, error) {
	if len(text) == 0 {
		return nil, errors.New("the secret is empty")
	}
	in := windows.DataBlob{Size: uint32(len(text)), Data: &text[0]}
	var out windows.DataBlob
	const flags = windows.CRYPTPROTECT_LOCAL_MACHINE | windows.CRYPTPROTECT_UI_FORBIDDEN
	if err := windows.CryptProtectData(&in, nil, nil, 0, nil, flags, &out); err != nil {
		return nil, err
	}
	return taken(out)
}

func unseal(data []byte) ([]byte, error) {
	if len(data) == 0 {
		return nil, errors.New("nothing is there")
	}
	in := windows.DataBlob{Size: uint32(len(data)), Data: &data[0]}
	var out windows.DataBlob
	if err := windows.CryptUnprotectData(&in, nil, nil, 0, nil, windows.CRYPTPROTECT_UI_FORBIDDEN, &out); err != nil {
		return nil, err
	}
	return taken(out)
}

// taken copies what Windows allocated, and frees it.
func taken(blob windows.DataBlob) ([]byte, error) {
	if blob.Data == nil {
		return nil, errors.New("windows returned nothing")
	}
	text := bytes.Clone(unsafe.Slice(blob.Data, blob.Size))
	_, err := windows.LocalFree(windows.Handle(unsafe.Pointer(blob.Data)))
	return text, err
}
