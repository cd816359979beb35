package config

import (
	"path/filepath"
	"testing"
)

const samples = "../../testdata/samples"

func TestEverySampleLoads(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(samples, "*.yaml"))
	if err != nil || len(paths) < 6 {
		t.Fatalf("%d samples in %s, %v", len(paths), samples, err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			f, err := Load(path)
			if err != nil {
				t.Fatal(err)
			}
			if len(f.Warnings) > 0 {
				t.Errorf("warnings: %q", f.Warnings)
			}
			for i := range f.Sources {
				f.SourceConfig(i, nil)
				if _, err := f.Rules(f.Sources[i].Type); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
