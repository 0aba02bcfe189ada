// The table of all values: sorted by its heads, filtered, fifty rows at a time.

const pageRows = 50;

// A column is sorted by its key, which is made from a group's columns: a cell for each of a million would take seconds.
const tableColumns = [
  { head: "Metric", text: (c) => c.group.name, key: (g) => g.id },
  { head: "x", text: (c) => layerName(c.group.data, c.x), key: (g, k, x) => x },
  { head: "y", text: (c) => layerName(c.group.data, c.y), key: (g, k, x, y) => y },
  { head: "Value", number: true, text: (c) => short(c.value), key: (g, k) => entry(g.value, k) },
  { head: "95 % CI", number: true, text: interval, key: (g, k) => (entry(g.lo, k) == null ? null : entry(g.hi, k) - entry(g.lo, k)), hint: "width of the 95 % CI" },
  { head: "p", number: true, text: (c) => pText(c.p, c.group.draws), key: (g, k) => entry(g.p, k) },
  { head: "n", number: true, text: (c) => (c.n ? count(c.n) : ""), key: (g, k) => entry(g.n, k) },
  { head: "Null mean", number: true, text: (c) => short(c.mean), key: (g, k) => entry(g.mean, k) },
  { head: "Remarks", text: remarks, key: (g, k, x, y) => remarks(g.cell(x, y)) },
];

class CellTable {
  constructor(groups, { open, choose }, changed) {
    Object.assign(this, { groups, open, choose });
    this.fillPlaces();
    this.column = null;
    this.direction = 1;
    this.first = 0;
    for (const group of groups) $("cell-measure").append(make("option", { value: group.id }, group.name));
    this.heads = tableColumns.map((column, i) => make("th", { scope: "col", class: column.number ? "number" : null },
      make("button", { type: "button", title: `Sort by ${column.hint ?? column.head}`, onclick: () => this.sort(i) }, column.head)));
    $("cell-table").tHead.rows[0].append(make("th", { scope: "col" }, "Layer pair"), ...this.heads);
    for (const id of ["cell-measure", "cell-state", "cell-words"]) $(id).addEventListener("input", () => { this.filter(); changed(); });
    $("cells-before").addEventListener("click", () => this.move(-pageRows));
    $("cells-after").addEventListener("click", () => this.move(pageRows));
    $("cells-save").addEventListener("click", () => save("cells.csv", new Blob([csv([csvHead, ...this.shown.map((i) => csvRow(this.cell(i)))])], { type: "text/csv" })));
    this.filter();
  }

  // fillPlaces lists where each cell is: in which group, as which entry, of which layers. A run may have a million
  // cells, so only those that are shown become objects.
  fillPlaces() {
    const keys = this.groups.map((group) => group.keys());
    this.count = keys.reduce((sum, list) => sum + list.length, 0);
    for (const name of ["group", "k", "x", "y"]) this[name] = new Int32Array(this.count);
    let i = 0;
    this.groups.forEach((group, g) => {
      const xs = [...group.xAt.keys()], ys = [...group.yAt.keys()];
      for (const k of keys[g]) {
        this.group[i] = g;
        this.k[i] = k;
        this.x[i] = xs[Math.floor(k / group.width)];
        this.y[i++] = ys[k % group.width];
      }
    });
  }

  cell(i) { return this.groups[this.group[i]].cell(this.x[i], this.y[i]); }

  sort(i) {
    this.direction = this.column === i ? -this.direction : 1;
    this.column = i;
    this.heads.forEach((head, k) => (k === i ? head.setAttribute("aria-sort", this.direction > 0 ? "ascending" : "descending") : head.removeAttribute("aria-sort")));
    this.filter();
  }

  // terms are what is looked for. A model's name with a layer behind it is that layer: "hubert 3" is not layer 13, nor layer 3 of another model. Any other
  // word is part of the name of a comparison, a metric or a model, and a layer's whole name.
  terms(words) {
    const data = this.groups[0].data;
    const models = data.layers.map(({ model }) => `${model} ${shownModel(data, model)}`.toLowerCase());
    const own = data.layers.map(({ layer }) => layer.toLowerCase());
    const groups = this.groups.map((g) => g.name.toLowerCase());
    const list = [];
    for (let w = 0; w < words.length; w++) {
      const word = words[w], layer = words[w + 1];
      const both = own.map((name, id) => name === layer && models[id].includes(word));
      if (layer !== undefined && both.some(Boolean)) {
        list.push({ inGroup: groups.map(() => false), inLayer: both });
        w++;
        continue;
      }
      const number = /^\d+$/.test(word);
      const part = (name) => (number ? name.split(/[^\p{L}\d.]+/u).includes(word) : name.includes(word));
      list.push({ inGroup: groups.map(part), inLayer: own.map((name, id) => name === word || part(models[id])) });
    }
    return list;
  }

  // matcher returns a function that says whether a cell has the state and all that is looked for.
  matcher(state, words) {
    const terms = this.terms(words), inGroup = terms.map((t) => t.inGroup), inLayer = terms.map((t) => t.inLayer);
    return (i) => {
      for (let w = 0; w < terms.length; w++) {
        if (!inGroup[w][this.group[i]] && !inLayer[w][this.x[i]] && !inLayer[w][this.y[i]]) return false;
      }
      const group = this.groups[this.group[i]], k = this.k[i];
      return state === "" || (state === "warned" ? (group.warnings[k] ?? []).length > 0 : group.state(k) === state);
    };
  }

  filter() {
    const group = $("cell-measure").value, state = $("cell-state").value;
    const words = $("cell-words").value.toLowerCase().split(/\s+/).filter(Boolean);
    const matches = this.matcher(state, words), only = group === "" ? -1 : this.groups.findIndex((g) => g.id === Number(group));
    const shown = [];
    for (let i = 0; i < this.count; i++) if ((only < 0 || this.group[i] === only) && matches(i)) shown.push(i);
    this.shown = shown;
    if (this.column != null) {
      const { key } = tableColumns[this.column], keys = new Array(this.count);
      for (const i of shown) keys[i] = key(this.groups[this.group[i]], this.k[i], this.x[i], this.y[i]);
      // Cells without the number stand last, whichever way the table is sorted.
      shown.sort((i, j) => {
        const a = keys[i], b = keys[j];
        if (a == null || b == null) return (a == null) - (b == null);
        return this.direction * (a < b ? -1 : a > b ? 1 : 0);
      });
    }
    this.first = 0;
    this.draw();
  }

  pick(cell) {
    this.mark(cell);
    this.choose(cell, this);
  }

  // mark shows the row of a cell that was chosen here or elsewhere.
  mark({ group, k }) {
    [...$("cell-table").tBodies[0].rows].forEach((row, i) => row.classList.toggle("chosen", this.rows[i].group === group && this.rows[i].k === k));
  }

  move(by) {
    this.first = Math.min(Math.max(this.first + by, 0), Math.max(this.shown.length - 1, 0));
    this.draw();
  }

  draw() {
    const rows = this.rows = this.shown.slice(this.first, this.first + pageRows).map((i) => this.cell(i));
    $("cell-table").tBodies[0].replaceChildren(...rows.map((c) => make("tr", { class: c.state === "failed" ? "failed" : null, onpointerenter: () => this.pick(c), onfocusin: () => this.pick(c) },
      make("td", {}, make("button", { type: "button", "aria-label": `Open ${layerName(c.group.data, c.x)} and ${layerName(c.group.data, c.y)}`, onclick: () => this.open(c) }, "Open")),
      ...tableColumns.map((column) => make("td", { class: column.number ? "number" : null }, column.text(c))))));
    $("cell-count").textContent = rows.length
      ? `Values ${this.first + 1} to ${this.first + rows.length} of ${count(this.shown.length)}` + (this.shown.length < this.count ? ` (of ${count(this.count)} in all)` : "")
      : "No value matches.";
    $("cells-before").disabled = this.first === 0;
    $("cells-after").disabled = this.first + pageRows >= this.shown.length;
  }
}
