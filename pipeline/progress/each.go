package progress

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Each calls f for 0..n-1, so many at once as there are workers, until one fails, and reports what is done to r.
func Each(ctx context.Context, workers, n int, r Reporter, f func(i int) error) error {
	const every = 64 // items between two reports
	var mu sync.Mutex
	done := 0
	group, grouped := errgroup.WithContext(ctx)
	group.SetLimit(max(1, workers))
	for i := range n {
		if grouped.Err() != nil {
			break
		}
		group.Go(func() error {
			if grouped.Err() != nil {
				return nil // another item failed, or the caller has stopped: both are told below
			}
			if err := f(i); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			if done++; done%every == 0 || done == n {
				r.Add(float64((done-1)%every + 1))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}
