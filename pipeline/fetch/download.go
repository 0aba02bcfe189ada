package fetch

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"speechsim/pipeline/internal/files"
	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/native"
)

// checksum is "sha256:HEX", "md5:HEX", or "git:HEX" for the SHA-1 that git gives a file; "" where none is known.
type checksum string

// of is the checksum of a file, by the same rule.
func (c checksum) of(path string) (checksum, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	rule, _, _ := strings.Cut(string(c), ":")
	var h hash.Hash
	switch rule {
	case "sha256":
		h = sha256.New()
	case "md5":
		h = md5.New()
	case "git":
		info, err := f.Stat()
		if err != nil {
			return "", err
		}
		h = sha1.New()
		fmt.Fprintf(h, "blob %d\x00", info.Size())
	}
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return checksum(rule + ":" + hex.EncodeToString(h.Sum(nil))), nil
}

// download is one file on its way.
type download struct {
	what    string // for messages
	address string
	to      string
	lock    string
	sum     checksum
	size    int64 // 0 = not known
}

// incomplete is where what has arrived is kept until all has.
func (d *download) incomplete() string { return d.to + ".incomplete" }

// arrived is how much an earlier fetch has left.
func (d *download) arrived() int64 {
	info, err := os.Stat(d.incomplete())
	if err != nil {
		return 0
	}
	return info.Size()
}

// How failures are met: a server that fails or a line that is cut so often in a row without one byte is given up, and so is one
// that asks to wait for longer.
const (
	tries       = 6
	longestWait = 5 * time.Minute
	firstWait   = time.Second
)

// client speaks HTTP.
type client struct {
	*reporter
	http    *http.Client
	silence time.Duration // without a byte a line counts as cut
	pause   func(context.Context, time.Duration) error
}

// newClient makes a client that gives the token to the endpoint alone, whoever it is sent to from there.
func newClient(r *reporter, endpoint *url.URL, token string) *client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableCompression = true // ranges and digests are of the file as it is
	const silence = time.Minute
	transport.ResponseHeaderTimeout = silence
	return &client{r, &http.Client{Transport: withToken{transport, endpoint, token}}, silence, pause}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// withToken adds the token to requests to the endpoint. It is no header of the request itself, so that no redirect takes it along.
type withToken struct {
	http.RoundTripper
	endpoint *url.URL
	token    string
}

func (t withToken) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", "pipeline/"+native.Version)
	if t.token != "" && r.URL.Scheme == t.endpoint.Scheme && r.URL.Host == t.endpoint.Host {
		r.Header.Set("Authorization", "Bearer "+t.token)
	}
	return t.RoundTripper.RoundTrip(r)
}

// statusError is an answer that is none.
type statusError struct {
	url    string
	status int
	code   string        // the hub's word for it
	after  time.Duration // it asks to wait so long
}

func (e *statusError) Error() string {
	s := fmt.Sprintf("%s: the server answers %d %s", e.url, e.status, http.StatusText(e.status))
	if e.code != "" {
		s += " (" + e.code + ")"
	}
	return s
}

// answered makes an error of an answer.
func answered(r *http.Response) *statusError {
	address := *r.Request.URL
	address.RawQuery = "" // signed addresses are long and secret
	e := &statusError{url: address.String(), status: r.StatusCode, code: r.Header.Get("X-Error-Code")}
	after := r.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(after); err == nil {
		e.after = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(after); err == nil {
		e.after = time.Until(at)
	}
	return e
}

// refusedError is what no other try will change.
type refusedError struct{ error }

func (e refusedError) Unwrap() error { return e.error }

// unreachedError says that no line to a host could be opened.
type unreachedError struct {
	host, why string
	error
}

func (e *unreachedError) Error() string {
	return fmt.Sprintf("%s can't be reached (%s)", e.host, e.why)
}
func (e *unreachedError) Unwrap() error { return e.error }

// plainly names the host where err is that it can't be reached, of which the libraries say at length.
func plainly(err error) error {
	var request *url.Error
	var line *net.OpError
	if !errors.As(err, &request) || !errors.As(err, &line) || line.Op != "dial" && line.Op != "proxyconnect" {
		return err
	}
	proxy := line.Op == "proxyconnect"
	for inner := line; errors.As(line.Err, &inner); { // the proxy's own line
		line = inner
	}
	u := &unreachedError{host: request.URL, why: line.Err.Error(), error: err}
	if address, err := url.Parse(request.URL); err == nil {
		u.host = address.Host
	}
	if name := (*net.DNSError)(nil); errors.As(err, &name) {
		u.why = name.Err
	}
	if proxy {
		u.why = "by the proxy of HTTPS_PROXY or HTTP_PROXY: " + u.why
	}
	return u
}

// hopeless says whether another try would fail likewise; reached, that the server has answered before.
func hopeless(err error, reached bool) bool {
	var refused refusedError
	var status *statusError
	var write *os.PathError
	var certificate *tls.CertificateVerificationError
	var line *net.OpError
	switch {
	case errors.As(err, &refused), errors.As(err, &write), errors.As(err, &certificate):
		return true
	case errors.As(err, &status):
		return status.status < 500 && status.status != http.StatusTooManyRequests && status.status != http.StatusRequestTimeout
	case errors.As(err, &line):
		return (line.Op == "dial" || line.Op == "proxyconnect") && !reached // there is no network, or no such host
	}
	return false
}

// again calls try until it succeeds, fails for good, or fails too often in a row. try says whether anything was gained.
func (c *client) again(ctx context.Context, try func() (gained bool, err error)) error {
	wait, reached := firstWait, false
	for failed := 0; ; {
		gained, err := try()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case hopeless(err, reached || gained):
			return plainly(err)
		}
		if gained {
			failed, wait, reached = 0, firstWait, true
		}
		if failed++; failed == tries {
			return fmt.Errorf("%w; it was tried %d times", plainly(err), tries)
		}
		next := wait
		if status := (*statusError)(nil); errors.As(err, &status) && status.after > 0 {
			next = status.after
		}
		if next > longestWait {
			return fmt.Errorf("%w, and asks to wait for %s: run the same command again then", err, next.Round(time.Second))
		}
		if next >= 5*time.Second {
			c.Note("%v; trying again in %s", err, next.Round(time.Second))
		}
		if err := c.pause(ctx, next); err != nil {
			return err
		}
		wait *= 2
	}
}

// get downloads a file, unless another process does, which is waited for.
func (c *client) get(ctx context.Context, d *download) error {
	unlock, err := c.locked(ctx, d)
	if err != nil {
		return err
	}
	defer unlock()
	return c.whole(ctx, d)
}

// whole goes on where an earlier download has stopped, checks the whole and gives it its name. The lock is held.
func (c *client) whole(ctx context.Context, d *download) error {
	if files.Exists(d.to) {
		c.skipped(d.size)
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(d.to), 0o755); err != nil {
		return err
	}
	earlier := d.arrived()
	c.skipped(min(earlier, d.size))
	if err := c.arrive(ctx, d); err != nil {
		return err
	}
	err := c.check(d)
	if err != nil && earlier > 0 { // what was there was perhaps of another file
		c.arriving(-d.size)
		c.Note("%v; downloading it anew", err)
		if err := c.arrive(ctx, d); err != nil {
			return err
		}
		err = c.check(d)
	}
	if err != nil {
		return fmt.Errorf("%w; what came was deleted. Run the same command again; if that does not help, something between here and there changes files", err)
	}
	return os.Rename(d.incomplete(), d.to)
}

// locked waits for the lock of a download.
func (c *client) locked(ctx context.Context, d *download) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(d.lock), 0o755); err != nil {
		return nil, err
	}
	for said := false; ; {
		unlock, err := files.Lock(d.lock)
		var locked *files.LockedError
		if !errors.As(err, &locked) {
			return unlock, err
		}
		if !said {
			c.Note("%s: waiting for %s, which is fetching it", d.what, locked.By)
			said = true
		}
		if err := c.pause(ctx, 200*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// check compares the checksum of what has arrived, or the size where none is known, and deletes what is wrong.
func (c *client) check(d *download) error {
	if d.sum == "" {
		if got := d.arrived(); d.size > 0 && got != d.size {
			os.Remove(d.incomplete())
			return fmt.Errorf("%s: %d bytes came, and %d were expected", d.what, got, d.size)
		}
		return nil
	}
	got, err := d.sum.of(d.incomplete())
	if err != nil {
		return err
	}
	if got != d.sum {
		os.Remove(d.incomplete())
		return fmt.Errorf("%s: the checksum is %s, and %s was expected", d.what, got, d.sum)
	}
	return nil
}

// arrive downloads what is missing of a file.
func (c *client) arrive(ctx context.Context, d *download) (err error) {
	f, err := os.OpenFile(d.incomplete(), os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if closed := f.Close(); err == nil {
			err = closed
		}
		switch {
		case err == nil:
		case d.arrived() == 0:
			err = errors.Join(fmt.Errorf("%s: %w", d.what, err), os.Remove(d.incomplete()))
		default:
			err = fmt.Errorf("%s: %w; what has arrived is kept, and the same command goes on there", d.what, err)
		}
	}()
	err = c.again(ctx, func() (bool, error) {
		have, err := f.Seek(0, io.SeekEnd)
		if err != nil {
			return false, err
		}
		if d.size > 0 && have >= d.size {
			return true, nil
		}
		ended, err := c.more(ctx, d, f, have)
		now, sought := f.Seek(0, io.SeekEnd)
		if err = errors.Join(err, sought); err == nil && !ended && now < d.size {
			err = fmt.Errorf("the answer ended after %d of %d bytes", now, d.size)
		}
		return now > have, err // what comes again, where a server knows no ranges, gains nothing
	})
	if err == nil {
		err = f.Sync()
	}
	return err
}

// more asks for a file from byte have on, and writes what comes. It says whether the server has said that there is no more.
func (c *client) more(ctx context.Context, d *download, f *os.File, have int64) (ended bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.address, nil)
	if err != nil {
		return false, err
	}
	if have > 0 {
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
	}
	a, err := c.http.Do(r)
	if err != nil {
		return false, err
	}
	defer a.Body.Close()
	switch {
	case a.StatusCode == http.StatusRequestedRangeNotSatisfiable:
		return true, nil // the checksum says whether that is right
	case a.StatusCode == http.StatusPartialContent:
		if came := a.Header.Get("Content-Range"); !strings.HasPrefix(came, fmt.Sprintf("bytes %d-", have)) {
			return false, fmt.Errorf("%s: what follows byte %d was asked for, and %q came", d.what, have, came)
		}
	case a.StatusCode == http.StatusOK && have > 0: // the server knows no ranges
		if err := f.Truncate(0); err != nil {
			return false, err
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return false, err
		}
		c.arriving(-have)
	case a.StatusCode != http.StatusOK:
		return false, answered(a)
	}
	quiet := time.AfterFunc(c.silence, func() { cancel(fmt.Errorf("nothing came for %s", c.silence)) })
	defer quiet.Stop()
	_, err = io.Copy(f, io.TeeReader(a.Body, writerFunc(func(p []byte) {
		quiet.Reset(c.silence)
		c.arriving(int64(len(p)))
	})))
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	return false, err
}

type writerFunc func([]byte)

func (f writerFunc) Write(p []byte) (int, error) { f(p); return len(p), nil }

// short is a commit as people read it.
func short(commit string) string { return commit[:min(len(commit), 12)] }

// sizeOf is a size that may be small, or not known.
func sizeOf(n int64) string {
	switch {
	case n == 0:
		return "?"
	case n < 1<<20:
		return fmt.Sprintf("%d KiB", (n+1023)>>10)
	}
	return text.Bytes(n)
}
