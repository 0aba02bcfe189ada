package study

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"speechsim/configs"
	"speechsim/pipeline/published"
)

// loadPublished reads the values that a comparison is to be shown with.
func loadPublished(cfg *configs.Config, name string) ([]published.Map, error) {
	file := name
	if published.IsFile(name) {
		file = cfg.Path(name)
	}
	maps, err := published.Load(file)
	switch {
	case errors.Is(err, fs.ErrNotExist) && published.IsFile(name):
		return nil, fmt.Errorf("%s: there is no such file", file)
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("the program holds no values %q%s (known: %s; the name of a file of your own ends in .csv)",
			name, configs.Nearest(name, published.Names()), strings.Join(published.Names(), ", "))
	}
	return maps, err
}
