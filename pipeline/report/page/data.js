// Reads the numbers of the page and puts them into words.

const $ = (id) => document.getElementById(id);

// make builds an element: make("td", {class: "number"}, "0.31").
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

function fromBase64(packed) {
  const text = atob(packed), bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

// unpacked is text that was compressed.
function unpacked(packed) {
  return new Response(new Blob([fromBase64(packed)]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

async function readData() {
  const data = JSON.parse(await unpacked($("data").textContent));
  data.layerAt = new Map(data.layers.map(({ model, layer }, id) => [model + "\0" + layer, id]));
  return data;
}

const alpha = 0.05;

// A column is one number for all cells, or a list with one for each.
const entry = (column, k) => (Array.isArray(column) ? column[k] : column);

// Group is the cells of one comparison and measure.
class Group {
  constructor(raw, data, id) {
    Object.assign(this, raw);
    this.id = id;
    this.data = data;
    this.name = (raw.comparison ? raw.comparison + ": " : "") + raw.label;
    this.xAt = new Map(raw.x.map((layer, i) => [layer, i]));
    this.yAt = new Map(raw.y.map((layer, i) => [layer, i]));
    this.present = raw.there ? new Set(raw.there) : null;
    // A symmetric metric is stored one way, and both ways are shown.
    if (!this.directed && raw.x.some((layer) => this.yAt.has(layer))) {
      this.x = this.y = [...new Set([...raw.x, ...raw.y])].sort((a, b) => a - b);
    }
    this.width = raw.y.length;
    this.pairedAt = new Map(raw.paired?.x.map((x, i) => [`${x} ${raw.paired.than[i]} ${raw.paired.y[i]}`, i]));
  }

  find(x, y) {
    const i = this.xAt.get(x), j = this.yAt.get(y);
    if (i === undefined || j === undefined) return -1;
    const k = i * this.width + j;
    return this.present && !this.present.has(k) ? -1 : k;
  }

  // cell returns the numbers of two layers (given by number), or one that
  // says that there are none.
  cell(x, y) {
    let k = this.find(x, y);
    if (k < 0 && !this.directed) k = this.find(y, x);
    const cell = { group: this, x, y, k, value: null, warnings: [] };
    if (k < 0) return { ...cell, state: "absent" };
    for (const name of ["value", "lo", "hi", "se", "p", "pmax", "pfdr", "n", "dx", "dy", "mean", "q95"]) cell[name] = entry(this[name], k);
    cell.warnings = (this.warnings[k] ?? []).map((t) => this.data.texts[t]);
    if (k in this.errors) cell.error = this.data.texts[this.errors[k]];
    cell.state = this.state(k);
    return cell;
  }

  // less is the difference of two layers of x against one of y with its interval, where the run has left the same groups out of both: else null.
  less(x, than, y) {
    const i = this.pairedAt.get(`${x} ${than} ${y}`), back = this.pairedAt.get(`${than} ${x} ${y}`), { value, lo, hi, p } = this.paired ?? {};
    if (i !== undefined) return { value: entry(value, i), lo: entry(lo, i), hi: entry(hi, i), p: entry(p, i) };
    if (back !== undefined) return { value: -entry(value, back), lo: -entry(hi, back), hi: -entry(lo, back), p: entry(p, back) };
    return null;
  }

  // state says how the stored cell k is.
  state(k) {
    if (entry(this.value, k) == null) return "failed";
    const p = entry(this[this.decides()] ?? [], k) ?? entry(this.p, k);
    return p != null && p > alpha ? "weak" : "ok";
  }

  // decides names the column of the p by which a value counts as significant.
  decides() {
    return { fdr: "pfdr", none: "p" }[this.correct] ?? "pmax";
  }

  // keys lists the cells that are stored.
  keys() {
    return this.present ? [...this.present] : Array.from({ length: this.xAt.size * this.width }, (_, k) => k);
  }
}

// shownModel is what the config calls a model.
const shownModel = (data, model) => data.looks[model]?.label ?? model;

function layerName(data, id) {
  const { model, layer } = data.layers[id];
  return layer && layer !== model && !data.looks[model]?.single ? `${shownModel(data, model)} ${layer}` : shownModel(data, model);
}

// say writes what is known about a cell below the views, where a screen reader reads it out.
const say = (lines) => { $("readout").textContent = lines.join(". ").replaceAll("..", "."); };

const minus = (text) => text.replace("-", "\u2212");

function short(v) {
  if (v == null) return "";
  return minus(Math.abs(v) >= 1000 ? v.toPrecision(4) : v.toFixed(3));
}

const count = (n) => String(n).replace(/\B(?=(\d{3})+(?!\d))/g, n > 9999 ? "\u00a0" : "");

const interval = (cell) => (cell.lo == null ? "" : `${short(cell.lo)} to ${short(cell.hi)}`);

// pText writes a p-value, of which the page has six digits; the smallest that so many draws can give is only a bound.
const pText = (p, draws) => (p == null ? "" : (draws && p * (draws + 1) < 1 + 1e-4 ? "\u2264 " : "") + minus(String(Number(p.toPrecision(3)))));
const equalsP = (p, draws) => pText(p, draws).replace(/^(?!\u2264)/, "= ");

// inWords returns what is known about a cell, as lines of text.
function inWords(cell) {
  const data = cell.group.data;
  const lines = [`${layerName(data, cell.x)} \u00d7 ${layerName(data, cell.y)}`];
  if (cell.state === "absent") return [...lines, "Not among the results."];
  if (cell.state === "failed") return [...lines, `Could not be computed: ${cell.error ?? "no reason given"}.`];
  lines.push(`${cell.group.label} = ${short(cell.value)}` + (cell.lo == null ? "" : ` (95 % CI ${interval(cell)})`));
  const facts = [];
  const { draws, correct } = cell.group;
  if (cell.se != null) facts.push(`standard error of approximation ${Number(cell.se.toPrecision(2))}`);
  if (cell.p != null) facts.push(`p ${equalsP(cell.p, draws)}`);
  if (cell.pmax != null) facts.push(`family-wise p ${equalsP(cell.pmax, draws)}`);
  if (cell.pfdr != null) facts.push(`FDR p ${equalsP(cell.pfdr)}`);
  if (cell.state === "weak") facts.push("not significant" + (correct === "none" || cell.pmax == null ? "" : correct === "fdr" ? " (FDR)" : " (family-wise)"));
  if (cell.n) facts.push(`n = ${count(cell.n)}`);
  if (cell.mean != null) facts.push(`null mean ${short(cell.mean)}`);
  if (facts.length) lines.push(facts.join(", "));
  return [...lines, ...cell.warnings];
}

function csv(rows) {
  const field = (v) => {
    const text = v == null ? "" : String(v);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => row.map(field).join(",") + "\n").join("");
}

const csvHead = ["comparison", "metric", "variant", "params", "x_model", "x_layer", "y_model", "y_layer", "rows", "n", "dx", "dy", "value", "lo", "hi", "approximation", "p", "p_max", "p_fdr", "null_mean", "null_q95", "warnings", "error"];

function csvRow(cell) {
  const g = cell.group, x = g.data.layers[cell.x], y = g.data.layers[cell.y];
  return [g.comparison, g.metric, g.variant, g.params, x.model, x.layer, y.model, y.layer, g.rows, cell.n, cell.dx, cell.dy, cell.value, cell.lo, cell.hi, cell.se, cell.p, cell.pmax, cell.pfdr, cell.mean, cell.q95, cell.warnings.join("; "), cell.error ?? (cell.state === "absent" ? "not among the results" : "")];
}

function save(name, blob) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const fileName = (...parts) => parts.filter(Boolean).join("-").replace(/[^A-Za-z0-9._-]+/g, "-");
