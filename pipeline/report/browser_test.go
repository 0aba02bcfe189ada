package report

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// browser drives Chromium over the DevTools protocol, through the pair of
// pipes that --remote-debugging-pipe opens, so no library is needed.
type browser struct {
	t       *testing.T
	out     *os.File
	folder  string // downloads arrive here
	session string
	next    int
	mu      sync.Mutex
	waiting map[int]chan reply
	faults  []string // console errors and exceptions
}

type reply struct {
	ID        int             `json:"id"`
	Method    string          `json:"method"`
	Params    json.RawMessage `json:"params"`
	Result    json.RawMessage `json:"result"`
	Error     *replyError     `json:"error"`
	SessionID string          `json:"sessionId"`
}

type replyError struct {
	Message string `json:"message"`
}

func findChromium(t *testing.T) string {
	t.Helper()
	names := []string{os.Getenv("SPEECHSIM_CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "chrome"}
	for _, name := range names {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	t.Skip("chromium not found")
	return ""
}

func startBrowser(t *testing.T) *browser {
	t.Helper()
	path := findChromium(t)
	profile, err := os.MkdirTemp("", "speechsim-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	toBrowser, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	in, fromBrowser, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--hide-scrollbars", "--remote-debugging-pipe", "--user-data-dir="+profile)
	cmd.ExtraFiles = []*os.File{toBrowser, fromBrowser} // file descriptors 3 and 4
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	toBrowser.Close()
	fromBrowser.Close()
	b := &browser{t: t, out: out, folder: t.TempDir(), waiting: map[int]chan reply{}}
	t.Cleanup(func() {
		out.Close() // the browser ends when its pipe does
		done := make(chan struct{})
		go func() { cmd.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(5 * time.Second):
			cmd.Process.Kill()
			<-done
		}
		in.Close()
		os.RemoveAll(profile)
	})
	go b.read(in)
	return b
}

// read takes messages, which end with a zero byte, from the browser.
func (b *browser) read(in *os.File) {
	r := bufio.NewReader(in)
	for {
		text, err := r.ReadBytes(0)
		if err != nil {
			b.mu.Lock()
			for id, c := range b.waiting {
				close(c)
				delete(b.waiting, id)
			}
			b.mu.Unlock()
			return
		}
		var m reply
		if json.Unmarshal(text[:len(text)-1], &m) != nil {
			continue
		}
		b.mu.Lock()
		if c, ok := b.waiting[m.ID]; ok && m.Method == "" {
			delete(b.waiting, m.ID)
			c <- m
		}
		b.note(m)
		b.mu.Unlock()
	}
}

// note keeps what a developer would see as an error in the console.
func (b *browser) note(m reply) {
	var p struct {
		Type  string `json:"type"`
		Entry struct {
			Level, Text, URL string
		} `json:"entry"`
	}
	switch m.Method {
	case "Runtime.exceptionThrown":
		b.faults = append(b.faults, string(m.Params))
	case "Runtime.consoleAPICalled":
		if json.Unmarshal(m.Params, &p) == nil && (p.Type == "error" || p.Type == "warning" || p.Type == "assert") {
			b.faults = append(b.faults, string(m.Params))
		}
	case "Log.entryAdded":
		if json.Unmarshal(m.Params, &p) == nil && (p.Entry.Level == "error" || p.Entry.Level == "warning") {
			b.faults = append(b.faults, p.Entry.Text+" "+p.Entry.URL)
		}
	}
}

// call sends a command and decodes its result.
func (b *browser) call(method string, params map[string]any, result any) {
	b.t.Helper()
	b.mu.Lock()
	b.next++
	id, c := b.next, make(chan reply, 1)
	b.waiting[id] = c
	b.mu.Unlock()
	message := map[string]any{"id": id, "method": method, "params": params}
	if b.session != "" && !strings.HasPrefix(method, "Target.") && !strings.HasPrefix(method, "Browser.") {
		message["sessionId"] = b.session
	}
	text, err := json.Marshal(message)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.out.Write(append(text, 0)); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
	select {
	case m, ok := <-c:
		if !ok {
			b.t.Fatalf("%s: the browser ended", method)
		}
		if m.Error != nil {
			b.t.Fatalf("%s: %s", method, m.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(m.Result, result); err != nil {
				b.t.Fatal(err)
			}
		}
	case <-time.After(3 * time.Minute): // axe on a busy machine
		b.t.Fatalf("%s: no answer in 3 minutes", method)
	}
}

// open shows a file in a page of the given size and waits until its script has
// started.
func (b *browser) open(path string, width, height int, dark bool) {
	b.t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		b.t.Fatal(err)
	}
	if b.session == "" {
		var target struct{ TargetID string }
		b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
		var attached struct{ SessionID string }
		b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
		b.session = attached.SessionID
		b.call("Browser.setDownloadBehavior", map[string]any{"behavior": "allow", "downloadPath": b.folder}, nil)
		for _, domain := range []string{"Page", "Runtime", "Log"} {
			b.call(domain+".enable", nil, nil)
		}
		b.call("Page.setBypassCSP", map[string]any{"enabled": false}, nil)
	}
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}}}, nil)
	b.call("Page.navigate", map[string]any{"url": "file://" + path}, nil)
	b.wait(`location.href.endsWith(` + quote(filepath.Base(path)) + `) && document.documentElement?.dataset.ready === "yes"`)
}

func quote(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}

// eval runs a script and decodes what it returns.
func (b *browser) eval(script string, result any) {
	b.t.Helper()
	var r struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		ExceptionDetails json.RawMessage `json:"exceptionDetails"`
	}
	b.call("Runtime.evaluate", map[string]any{"expression": script, "returnByValue": true, "awaitPromise": true}, &r)
	if r.ExceptionDetails != nil {
		b.t.Fatalf("script %.80s: %s", script, r.ExceptionDetails)
	}
	if result != nil {
		if err := json.Unmarshal(r.Result.Value, result); err != nil {
			b.t.Fatalf("script %.80s returned %s: %v", script, r.Result.Value, err)
		}
	}
}

// text returns a string that a script computes.
func (b *browser) text(script string) string {
	b.t.Helper()
	var s string
	b.eval("String("+script+")", &s)
	return s
}

// wait waits until a script's value is true.
func (b *browser) wait(script string) {
	b.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if b.text(script) == "true" {
			return
		}
	}
	b.t.Fatalf("waited 30 s for %s", script)
}

func (b *browser) mouse(kind string, x, y float64) {
	b.t.Helper()
	params := map[string]any{"type": kind, "x": x, "y": y}
	if kind != "mouseMoved" {
		params["button"], params["clickCount"] = "left", 1
	}
	b.call("Input.dispatchMouseEvent", params, nil)
}

func (b *browser) hover(x, y float64) { b.t.Helper(); b.mouse("mouseMoved", x, y) }

func (b *browser) click(x, y float64) {
	b.t.Helper()
	b.hover(x, y)
	b.mouse("mousePressed", x, y)
	b.mouse("mouseReleased", x, y)
}

// press presses a key; text is what it types, if anything.
func (b *browser) press(key, text string, code int) {
	b.t.Helper()
	b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyDown", "key": key, "code": key, "text": text, "windowsVirtualKeyCode": code}, nil)
	b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key, "code": key, "windowsVirtualKeyCode": code}, nil)
}

// centre returns the middle of an element, scrolled into view.
func (b *browser) centre(selector string) (x, y float64) {
	b.t.Helper()
	var at, before []float64
	for range 100 { // until it stands still: what comes into view for the first time moves what is below it
		b.eval(fmt.Sprintf(`(() => { const e = document.querySelector(%s); e.scrollIntoView({block: "center"}); const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`, quote(selector)), &at)
		if slices.Equal(at, before) {
			break
		}
		before = at
		time.Sleep(20 * time.Millisecond)
	}
	return at[0], at[1]
}

func (b *browser) clickOn(selector string) {
	b.t.Helper()
	x, y := b.centre(selector)
	b.click(x, y)
}

// download waits for a file to arrive.
func (b *browser) download(name string) []byte {
	b.t.Helper()
	path := filepath.Join(b.folder, name)
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if data, err := os.ReadFile(path); err == nil && len(data) > 0 {
			if _, err := os.Stat(path + ".crdownload"); err != nil {
				return data
			}
		}
	}
	b.t.Fatalf("the download %s did not arrive", name)
	return nil
}

// quiet fails the test if anything was written to the console as an error or
// a warning.
func (b *browser) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.faults {
		b.t.Errorf("the console says: %.300s", f)
	}
	b.faults = nil
}
