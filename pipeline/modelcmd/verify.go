package modelcmd

import (
	"context"
	"fmt"
	"io"

	"speechsim/models"
	"speechsim/pipeline/native"
)

// Verify runs the tests of a model file, a line each; ok is false when one fails. reference is the .npz that an
// export wrote, or "".
func Verify(ctx context.Context, w io.Writer, path, reference, device, precision string) (ok bool, err error) {
	rt, err := native.OpenRuntime("")
	if err != nil {
		return false, err
	}
	defer rt.Close()
	checks, err := rt.Verify(ctx, path, reference, models.Options{Device: device, Precision: precision})
	if err != nil {
		return false, err
	}
	ok = true
	for _, c := range checks {
		fmt.Fprintln(w, c)
		ok = ok && c.Result != models.Failed
	}
	return ok, nil
}
