// The table of all values: sorted by its heads, filtered, fifty rows at a time.

const pageRows = 50;

const tableColumns = [
  { head: "Metric", text: (c) => c.group.name, key: (c) => c.group.id },
  { head: "x", text: (c) => layerName(c.group.data, c.x), key: (c) => c.x },
  { head: "y", text: (c) => layerName(c.group.data, c.y), key: (c) => c.y },
  { head: "Value", number: true, text: (c) => short(c.value), key: (c) => c.value },
  { head: "Interval", number: true, text: interval, key: (c) => (c.lo == null ? null : c.hi - c.lo), hint: "width of the interval" },
  { head: "p", number: true, text: (c) => pText(c.p), key: (c) => c.p },
  { head: "n", number: true, text: (c) => (c.n ? count(c.n) : ""), key: (c) => c.n },
  { head: "Chance", number: true, text: (c) => short(c.mean), key: (c) => c.mean },
  { head: "Remarks", text: remarks, key: remarks },
];

class CellTable {
  constructor(groups, open) {
    this.cells = groups.flatMap((group) => [...group.keys()].map(([x, y]) => group.cell(x, y)));
    for (const c of this.cells) c.words = tableColumns.slice(0, 3).map((column) => column.text(c)).join(" ").toLowerCase();
    this.open = open;
    this.column = null;
    this.direction = 1;
    this.first = 0;
    for (const group of groups) $("cell-measure").append(make("option", { value: group.id }, group.name));
    this.heads = tableColumns.map((column, i) => make("th", { scope: "col", class: column.number ? "number" : null },
      make("button", { type: "button", title: `Sort by ${column.hint ?? column.head}`, onclick: () => this.sort(i) }, column.head)));
    $("cell-table").tHead.rows[0].append(...this.heads, make("th", { scope: "col" }, "Pair"));
    for (const id of ["cell-measure", "cell-state", "cell-words"]) $(id).addEventListener("input", () => this.filter());
    $("cells-before").addEventListener("click", () => this.move(-pageRows));
    $("cells-after").addEventListener("click", () => this.move(pageRows));
    $("cells-save").addEventListener("click", () => save("cells.csv", new Blob([csv([csvHead, ...this.shown.map(csvRow)])], { type: "text/csv" })));
    this.filter();
  }

  sort(i) {
    this.direction = this.column === i ? -this.direction : 1;
    this.column = i;
    this.heads.forEach((head, k) => (k === i ? head.setAttribute("aria-sort", this.direction > 0 ? "ascending" : "descending") : head.removeAttribute("aria-sort")));
    this.filter();
  }

  filter() {
    const group = $("cell-measure").value, state = $("cell-state").value;
    const words = $("cell-words").value.toLowerCase().split(/\s+/).filter(Boolean);
    this.shown = this.cells.filter((c) =>
      (group === "" || c.group.id === Number(group)) &&
      (state === "" || c.state === state || (state === "warned" && c.warnings.length > 0)) &&
      words.every((w) => c.words.includes(w)));
    if (this.column != null) {
      const key = tableColumns[this.column].key;
      // Cells without the number stand last, whichever way the table is sorted.
      this.shown = this.shown.map((c) => [key(c), c]).sort(([a], [b]) => {
        if (a == null || b == null) return (a == null) - (b == null);
        return this.direction * (a < b ? -1 : a > b ? 1 : 0);
      }).map(([, c]) => c);
    }
    this.first = 0;
    this.draw();
  }

  move(by) {
    this.first = Math.min(Math.max(this.first + by, 0), Math.max(this.shown.length - 1, 0));
    this.draw();
  }

  draw() {
    const rows = this.shown.slice(this.first, this.first + pageRows);
    $("cell-table").tBodies[0].replaceChildren(...rows.map((c) => make("tr", { class: c.state === "failed" ? "failed" : null },
      ...tableColumns.map((column) => make("td", { class: column.number ? "number" : null }, column.text(c))),
      make("td", {}, make("button", { type: "button", "aria-label": `Open ${layerName(c.group.data, c.x)} and ${layerName(c.group.data, c.y)}`, onclick: () => this.open(c) }, "Open")))));
    $("cell-count").textContent = rows.length
      ? `Rows ${this.first + 1} to ${this.first + rows.length} of ${count(this.shown.length)}` + (this.shown.length < this.cells.length ? ` (of ${count(this.cells.length)} in all)` : "")
      : "No value matches.";
    $("cells-before").disabled = this.first === 0;
    $("cells-after").disabled = this.first + pageRows >= this.shown.length;
  }
}
