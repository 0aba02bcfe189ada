package report
type Page struct{}
func WritePage(path string, p Page) error { return nil }
