// The view of one layer pair: all metrics in both directions, the neighbouring
// layers, the most similar ones, and the units or words that drive the value.

function table(heads, rows, name) {
  const number = (head) => (head.startsWith("#") ? { class: "number" } : {});
  return make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": name },
    make("table", {},
      make("thead", {}, make("tr", {}, ...heads.map((h) => make("th", { scope: "col", ...number(h) }, h.replace("#", ""))))),
      make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((v, i) => make("td", number(heads[i]), v)))))));
}

const stateText = { ok: "", weak: "not significant", failed: "could not be computed", absent: "not among the results" };

function remarks(cell) {
  return [stateText[cell.state], cell.error, ...cell.warnings].filter(Boolean).join("; ");
}

class PairView {
  constructor(data, groups, speech) {
    this.speech = speech;
    this.heads = new HeadsView(data);
    this.data = data;
    this.groups = groups;
    this.dialog = $("pair");
    this.closed = () => {};
    this.dialog.addEventListener("close", () => this.closed());
    $("pair-close").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("click", (e) => { if (e.target === this.dialog) this.dialog.close(); });
  }

  open(cell) {
    const { x, y, group } = cell;
    const name = (id) => layerName(this.data, id);
    $("pair-title").textContent = `${name(x)} \u00d7 ${name(y)}`;
    const parts = [
      make("h3", {}, "All metrics"), ...this.values(x, y),
      ...this.heads.of(cell), ...this.speech.of(cell),
      make("h3", {}, `Neighbouring layers, ${group.label}`), this.neighbours(cell),
      make("h3", {}, `Most similar layers, ${group.label}`), this.closest(cell),
      ...this.details(x, y),
    ];
    $("pair-body").replaceChildren(...parts);
    if (!this.dialog.open) this.dialog.showModal();
    this.dialog.scrollTop = 0;
  }

  values(x, y) {
    const rows = [], notes = [];
    for (const group of this.groups) {
      for (const [a, b] of x === y ? [[x, y]] : [[x, y], [y, x]]) {
        if (!group.directed && a !== x) continue;
        const c = group.cell(a, b);
        if (c.state === "absent") continue;
        const arrow = group.directed ? `${layerName(this.data, a)} \u2192 ${layerName(this.data, b)}` : "symmetric";
        rows.push([group.name, arrow, short(c.value), interval(c), pText(c.p, c.group.draws), c.n ? count(c.n) : "", c.dx ? `${c.dx}, ${c.dy}` : "", short(c.mean)]);
        if (remarks(c)) notes.push(make("li", {}, `${group.name}${group.directed ? `, ${arrow}` : ""}: ${remarks(c)}.`));
      }
    }
    return [table(["Metric", "Direction", "#Value", "#95 % CI", "#p", "#n", "#Units of x, y", "#Null mean"], rows, "Values of all metrics"), make("ul", {}, ...notes)];
  }

  // neighbours is the map around the cell: two layers of the same
  // model to each side.
  neighbours(cell) {
    const { group, x, y } = cell;
    const around = (list, id) => {
      const same = list.filter((other) => this.data.layers[other].model === this.data.layers[id].model);
      const at = same.indexOf(id);
      return same.slice(Math.max(0, at - 2), at + 3);
    };
    const xs = around(group.x, x), ys = around(group.y, y).reverse();
    const rows = ys.map((b) => make("tr", {},
      make("th", { scope: "row" }, layerName(this.data, b)),
      ...xs.map((a) => {
        const c = group.cell(a, b);
        return make("td", { class: "number" + (a === x && b === y ? " here" : "") }, c.value == null ? stateText[c.state] : short(c.value));
      })));
    return make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Values of neighbouring layers" }, make("table", {},
      make("thead", {}, make("tr", {}, make("td", {}, "y \\ x"), ...xs.map((a) => make("th", { scope: "col", class: "number" }, layerName(this.data, a))))),
      make("tbody", {}, ...rows)));
  }

  closest({ group, x, y }) {
    const best = (cells, other) => cells.filter((c) => c.value != null && c.x !== c.y)
      .sort((a, b) => b.value - a.value).slice(0, 5)
      .map((c) => `${layerName(this.data, c[other])} (${short(c.value)})`).join(", ") || "none";
    return make("ul", {},
      make("li", {}, `Most similar to ${layerName(this.data, x)} as x: ${best(group.y.map((b) => group.cell(x, b)), "y")}.`),
      make("li", {}, `Most similar to ${layerName(this.data, y)} as y: ${best(group.x.map((a) => group.cell(a, y)), "x")}.`));
  }

  // details are the tables about these two layers, in either direction.
  details(x, y) {
    const found = this.data.details.filter((d) => (d.x === x && d.y === y) || (d.x === y && d.y === x));
    return found.flatMap((d) => {
      const { title, columns } = this.data.tables[d.table];
      const direction = d.x === d.y ? "" : ` (x = ${layerName(this.data, d.x)}, y = ${layerName(this.data, d.y)})`;
      return [make("h3", {}, title + direction), table(columns, d.rows, title + direction)];
    });
  }
}
