// Package configs is the language in which a user says what to compare: a YAML file that reads like the method section
// of a paper. Decoding is strict: an unknown key, a wrong type, a second document or an unset environment variable is an
// error with file, line, column and the nearest right name. The package knows the language only; whether a metric or a
// layer exists is decided by those who own it, who report their own mistakes through [Config.Errorf] with the position
// that each element carries.
//
//	cfg, err := configs.Load("configs/demo.yaml", []string{"models.hubert.layers=0-2"})
//	if err != nil {
//		return err // configs/demo.yaml:7:3: unknown key "modles" in the config; did you mean "models"? ...
//	}
//	for _, c := range cfg.Comparisons {
//		fmt.Println(c.Name, c.X, c.Y, c.Metrics)
//	}
//
// A config may inherit from a base, and give only the keys that differ:
//
//	base: base.yaml
//	name: figure-1
//	comparisons:
//	  - {name: figure-1, models: [hubert-base, hubert-large], metrics: [cka]}
//
// Its keys win over those of the base: mappings are merged key by key, models and comparisons by their names, other lists are
// replaced as a whole. Paths are relative to the file they are in, and errors name that file. Models of a base that no
// comparison names are left out.
//
// The configs that ship with the program are embedded; [Load] finds them by name when no such file exists, so that
// "pipeline run elkheir2024/figure1" works from any folder.
package configs
