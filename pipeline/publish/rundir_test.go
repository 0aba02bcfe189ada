package publish

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"speechsim/configs"
)

// TestOtherConfig: keys that an earlier version did not know make a run another's only where they are given.
func TestOtherConfig(t *testing.T) {
	cfg, err := configs.Load("../../configs/demo.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var config map[string]any
	if err := json.Unmarshal(data, &config); err != nil {
		t.Fatal(err)
	}
	delete(config, "formats")
	delete(config["audio"].(map[string]any), "resampler")
	dir := t.TempDir()
	manifest, err := json.Marshal(map[string]any{"config": config})
	if err == nil {
		err = os.WriteFile(manifestFile(dir), manifest, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	if changes, err := OtherConfig(cfg, dir); changes != "" || err != nil {
		t.Errorf("keys with their defaults: %q, %v", changes, err)
	}
	cfg.Audio.Resampler = "torchaudio"
	if changes, err := OtherConfig(cfg, dir); !strings.HasPrefix(changes, "audio.resampler is not given there and torchaudio here") || strings.Contains(changes, "formats") || err != nil {
		t.Errorf("another resampler: %q, %v", changes, err)
	}
}
