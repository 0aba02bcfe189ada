// The heat map: what is shown (a view), where it is placed (a layout), how it is
// drawn, and how it reacts to pointer and keyboard.

const modelGap = 4;
const downloadRoom = 1100; // width that a downloaded map may take
const valueEdge = 30; // from this size on a cell holds its value

// place lays out the layers of one side: where each begins, and each model's stretch.
function place(data, layers, edge) {
  const start = [], blocks = [];
  let at = 0;
  for (const id of layers) {
    const model = data.layers[id].model;
    const last = blocks.at(-1);
    if (!last || last.name !== model) {
      if (last) at += modelGap;
      blocks.push({ model: shownModel(data, model), name: model, from: at, first: start.length });
    }
    start.push(at);
    at += edge;
    blocks.at(-1).to = at;
    blocks.at(-1).last = start.length - 1;
  }
  return { start, blocks, length: at };
}

// ownName is what a layer is called beside its model: nothing, where it has no other name.
function ownName(data, id) {
  const { model, layer } = data.layers[id];
  return layer === model || data.looks[model]?.single ? "" : layer;
}

function layoutMap(view, room) {
  const { data, x, y } = view;
  const size = 11;
  const label = (id) => ownName(data, id);
  const widest = (ids) => Math.max(0, ...ids.map((id) => textWidth(label(id), size)));
  const barSpace = 66;
  const left = Math.ceil(8 + 16 + widest(y) + 8);
  const gaps = (ids) => modelGap * (new Set(ids.map((id) => data.layers[id].model)).size - 1);
  const free = room - left - barSpace - gaps(x);
  const edge = Math.max(4, Math.min(44, Math.floor(free / x.length), Math.floor(700 / y.length)));
  const across = place(data, x, edge), upward = place(data, y, edge);
  const turned = widest(x) + 4 > edge * 2;
  const titles = wrapped(mapTitle(view), 13, room - 16), top = 32 + 16 * titles.length;
  const below = 8 + (turned ? widest(x) : size) + 8 + 16;
  const barHeight = Math.max(upward.length, 110);
  const title = Math.min(room, Math.max(...titles.map((line) => textWidth(line, 13, true))) + 20); // of few cells, it is wider than the map
  return { titles, edge, across, upward, turned, left, top, size, barHeight, labelDepth: turned ? widest(x) : size, width: Math.max(left + across.length + barSpace, title), height: top + Math.max(upward.length + below, barHeight + 12) };
}

const mapTitle = (view) => `${view.group.label} (${view.group.quantity})`;

const niceStep = (v) => {
  const power = 10 ** Math.floor(Math.log10(v));
  return [1, 2, 5, 10].map((m) => m * power).find((s) => s >= v * (1 - 1e-9));
};

// range returns the ends of the colour scale.
function range(view) {
  if (view.scale === "unit") return [0, 1];
  let lo = Infinity, hi = -Infinity;
  for (const row of view.cells) for (const cell of row) if (cell.value != null && cell.x !== cell.y) { lo = Math.min(lo, cell.value); hi = Math.max(hi, cell.value); }
  if (lo > hi) return [0, 1];
  if (view.centred) [lo, hi] = [-Math.max(-lo, hi), Math.max(-lo, hi)];
  if (hi - lo < 1e-9) return [lo - 0.05, hi + 0.05];
  const step = niceStep((hi - lo) / 20);
  return [Math.floor(lo / step + 1e-6) * step, Math.ceil(hi / step - 1e-6) * step];
}

// shownLabels chooses the labels that fit, the last of the model among them
// unless it would touch the first of the next model.
function shownLabels(names, edge, size, turned, isLast) {
  const half = (i) => (turned === true || turned[i] ? size * 0.55 : (textWidth(names[i], size) + 4) / 2);
  const end = names.length - 1;
  const clear = (i) => isLast || (end - i + 1) * edge + modelGap >= half(i) + half(0);
  const yes = [];
  for (let i = 0; i <= end; i++) {
    if (i && !clear(i)) continue;
    if (!yes.length || (i - yes.at(-1)) * edge >= half(i) + half(yes.at(-1))) yes.push(i);
  }
  if (yes.at(-1) !== end && clear(end)) {
    while (yes.length && (end - yes.at(-1)) * edge < half(end) + half(yes.at(-1))) yes.pop();
    yes.push(end);
  }
  return yes;
}

// wrapped breaks a bold title into lines.
function wrapped(text, size, room) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
    if (lines.at(-1) && textWidth(longer, size, true) > room) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

function fitted(text, size, room) {
  if (textWidth(text, size) <= room) return text;
  while (text.length > 1 && textWidth(text + "\u2026", size) > room) text = text.slice(0, -1);
  return text + "\u2026";
}

// onWhat names the rows of a view and their number.
function onWhat(view) {
  const ns = view.cells.flat().map((c) => c.n).filter(Boolean);
  const lo = ns.reduce((a, b) => Math.min(a, b), Infinity), hi = ns.reduce((a, b) => Math.max(a, b), 0);
  const n = !ns.length ? "" : lo === hi ? `n = ${count(lo)}` : `n = ${count(lo)} to ${count(hi)}`;
  return [view.group.rows && `rows: ${view.group.rows}`, n].filter(Boolean).join("; ");
}

// drawMap draws a view onto a surface; theme holds the page's colours.
function drawMap(surface, view, layout, theme) {
  const { edge, across, upward, left, top, size } = layout;
  const bottom = top + upward.length;
  const [lo, hi] = range(view);
  surface.rect(0, 0, layout.width, layout.height, theme.back);
  layout.titles.forEach((line, k) => surface.text(8, 16 + 16 * k, line, { size: 13, bold: true, fill: theme.front }));
  surface.text(8, top - 15, fitted(onWhat(view), 11, layout.width - 16), { size: 11, fill: theme.soft });
  const hatches = [];
  view.cells.forEach((row, i) => row.forEach((cell, j) => {
    const x = left + across.start[i], y = bottom - upward.start[j] - edge;
    if (cell.value != null && cell.x === cell.y) return surface.rect(x, y, edge, edge, theme.itself); // it says nothing, and would rule the scale
    if (cell.value == null) {
      surface.rect(x, y, edge, edge, theme.void);
      hatch(hatches, x, y, edge, cell.state === "absent");
      return;
    }
    const colour = view.map[Math.round(255 * Math.min(Math.max((cell.value - lo) / (hi - lo), 0), 1))];
    surface.rect(x, y, edge, edge, colour);
    if (edge >= valueEdge) {
      const weak = cell.state === "weak", middle = x + edge / 2, base = y + edge / 2 + (weak ? -1 : 4);
      surface.text(middle, base, minus(cell.value.toFixed(2)), { size: 11, anchor: "middle", fill: inkOn(colour) });
      if (weak) surface.text(middle, base + 11, "n.s.", { size: 10, anchor: "middle", fill: inkOn(colour) });
      return;
    }
    if (cell.state !== "weak") return;
    const dot = Math.max(1.5, edge * 0.28);
    surface.rect(x + (edge - dot) / 2, y + (edge - dot) / 2, dot, dot, inkOn(colour));
  }));
  surface.lines(hatches, theme.hatch, 0.8);
  drawLabels(surface, view, layout, theme, bottom);
  drawBar(surface, view, layout, theme, lo, hi);
}

function hatch(list, x, y, edge, crossed) {
  const n = Math.max(1, Math.floor(edge / 5)), step = edge / n;
  for (let k = 1 - n; k < n; k++) {
    const d = k * step, u = Math.max(d, 0), v = Math.max(-d, 0), run = edge - Math.abs(d);
    list.push([x + u, y + edge - v, x + u + run, y + edge - v - run]);
    if (crossed) list.push([x + u, y + v, x + u + run, y + v + run]);
  }
}

function drawLabels(surface, view, layout, theme, bottom) {
  const { edge, across, upward, left, size, turned } = layout;
  const names = (ids) => ids.map((id) => ownName(view.data, id));
  const ticks = [];
  for (const b of across.blocks) {
    const list = names(view.x.slice(b.first, b.last + 1));
    for (const i of shownLabels(list, edge, size, turned, b === across.blocks.at(-1))) {
      const x = left + across.start[b.first + i] + edge / 2;
      ticks.push([x, bottom, x, bottom + 4]);
      if (turned) surface.text(x + size * 0.35, bottom + 7, list[i], { size, anchor: "end", up: true, fill: theme.front });
      else surface.text(x, bottom + 6 + size, list[i], { size, anchor: "middle", fill: theme.front });
    }
    const mid = left + (b.from + b.to) / 2;
    surface.text(mid, bottom + 8 + layout.labelDepth + 16, fitted(b.model, 12, Math.max(b.to - b.from, 3 * edge)), { size: 12, anchor: "middle", fill: theme.front });
  }
  for (const b of upward.blocks) {
    const list = names(view.y.slice(b.first, b.last + 1));
    for (const j of shownLabels(list, edge, size, true, b === upward.blocks.at(-1))) {
      const y = bottom - upward.start[b.first + j] - edge / 2;
      ticks.push([left - 4, y, left, y]);
      surface.text(left - 7, y + size * 0.35, list[j], { size, anchor: "end", fill: theme.front });
    }
    surface.text(16, bottom - (b.from + b.to) / 2, fitted(b.model, 12, Math.max(b.to - b.from, 60)), { size: 12, anchor: "middle", up: true, fill: theme.front });
  }
  for (const b of across.blocks.slice(1)) ticks.push([left + b.from - modelGap / 2, bottom - upward.length, left + b.from - modelGap / 2, bottom + 4]);
  for (const b of upward.blocks.slice(1)) ticks.push([left - 4, bottom - b.from + modelGap / 2, left + across.length, bottom - b.from + modelGap / 2]);
  surface.lines(ticks, theme.front, 1);
}

function drawBar(surface, view, layout, theme, lo, hi) {
  const x = layout.left + layout.across.length + 14, width = 12, steps = 128;
  const y = (v) => layout.top + layout.barHeight * (1 - (v - lo) / (hi - lo));
  for (let k = 0; k < steps; k++) {
    const from = layout.top + Math.round(layout.barHeight * (1 - (k + 1) / steps));
    const to = layout.top + Math.round(layout.barHeight * (1 - k / steps));
    surface.rect(x, from, width, to - from, view.map[Math.round((k * 255) / (steps - 1))]);
  }
  const step = niceStep((hi - lo) / 6), ticks = [];
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  for (let k = Math.ceil(lo / step - 1e-6); k * step <= hi + step * 1e-6; k++) {
    ticks.push([x + width, y(k * step), x + width + 4, y(k * step)]);
    surface.text(x + width + 7, y(k * step) + 4, minus((k * step).toFixed(decimals)).replace(/^\u2212(0\.?0*)$/, "$1"), { size: 11, fill: theme.front });
  }
  surface.lines(ticks, theme.front, 1);
}

// pageTheme are the colours of the page; paperTheme is for downloads: dark on white, whatever the page shows.
function pageTheme() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue("--" + name).trim();
  return { back: colour("back"), front: colour("front"), soft: colour("soft"), void: colour("void"), hatch: colour("hatch"), itself: colour("edge") };
}

const paperTheme = { back: "#ffffff", front: "#1c1c1c", soft: "#545454", void: "#d4d4d4", hatch: "#505050", itself: "#ebebeb" };

// HeatMap holds the canvas and the selected cell, and handles events.
class HeatMap {
  constructor({ open, choose }) {
    this.link = choose;
    this.root = $("map");
    this.canvas = this.root.querySelector("canvas");
    this.tip = $("tip");
    this.open = open;
    this.at = null; // [i, j] of the chosen cell
    this.root.addEventListener("pointermove", (e) => this.point(e));
    this.root.addEventListener("pointerleave", () => this.hideTip());
    this.root.addEventListener("click", (e) => { this.point(e); if (this.under(e)) this.openCell(); });
    this.root.addEventListener("keydown", (e) => this.key(e));
    this.root.addEventListener("focus", () => { if (this.root.matches(":focus-visible")) this.choose(this.at ?? [0, 0], true); });
    this.root.addEventListener("blur", () => this.hideTip());
  }

  show(view) {
    this.view = view;
    view.cells = view.x.map((x) => view.y.map((y) => view.group.cell(x, y)));
    this.at = null;
    this.hideTip();
    say([]);
    this.root.setAttribute("aria-label", `Heat map of ${view.group.label}, ${view.x.length} by ${view.y.length} layers`);
    this.draw();
  }

  draw() {
    if (!this.view || !$("map-scroll").clientWidth) return;
    this.layout = layoutMap(this.view, $("map-scroll").clientWidth);
    const surface = new CanvasSurface(this.canvas, this.layout.width, this.layout.height, window.devicePixelRatio || 1);
    drawMap(surface, this.view, this.layout, pageTheme());
    if (this.at) this.frame(surface);
  }

  box([i, j]) {
    const l = this.layout;
    return { x: l.left + l.across.start[i], y: l.top + l.upward.length - l.upward.start[j] - l.edge, edge: l.edge };
  }

  // mark shows where a cell that another view has chosen stands.
  mark({ group, x, y }) {
    const i = this.view.x.indexOf(x), j = this.view.y.indexOf(y);
    const at = group === this.view.group && i >= 0 && j >= 0 ? [i, j] : null;
    this.hideTip();
    if (at?.join() === this.at?.join()) return;
    this.at = at;
    this.draw();
  }

  frame(surface) {
    const { x, y, edge } = this.box(this.at);
    const a = x - 1, b = y - 1, c = x + edge + 1, d = y + edge + 1;
    const frame = [[a, b, c, b], [c, b, c, d], [c, d, a, d], [a, d, a, b]];
    surface.lines(frame, "#ffffff", 4);
    surface.lines(frame, "#d10070", 2);
  }

  under(event) {
    const box = this.canvas.getBoundingClientRect();
    const x = event.clientX - box.left - this.layout.left, y = this.layout.top + this.layout.upward.length - (event.clientY - box.top);
    const find = (start, v) => start.findIndex((s) => v >= s && v < s + this.layout.edge);
    const i = find(this.layout.across.start, x), j = find(this.layout.upward.start, y);
    return i < 0 || j < 0 ? null : [i, j];
  }

  point(event) {
    const at = this.under(event);
    if (!at) return this.hideTip();
    if (!this.at || at[0] !== this.at[0] || at[1] !== this.at[1] || this.tip.hidden) this.choose(at, false);
  }

  choose(at, byKey) {
    this.at = at;
    this.draw();
    const cell = this.view.cells[at[0]][at[1]], lines = inWords(cell);
    say(lines);
    this.link(cell, this);
    this.tip.textContent = lines.join("\n");
    this.tip.hidden = false;
    const { x, y, edge } = this.box(at), w = this.tip.offsetWidth, h = this.tip.offsetHeight;
    this.tip.style.left = `${Math.max(0, Math.min(x + edge + 10, this.layout.width - w))}px`;
    this.tip.style.top = `${y + edge + 10 + h > this.layout.height ? Math.max(0, y - h - 10) : y + edge + 10}px`;
    if (byKey) this.scrollTo(x, edge);
  }

  scrollTo(x, edge) {
    const frame = $("map-scroll");
    if (x < frame.scrollLeft) frame.scrollLeft = x - 20;
    if (x + edge > frame.scrollLeft + frame.clientWidth) frame.scrollLeft = x + edge + 20 - frame.clientWidth;
  }

  hideTip() {
    this.tip.hidden = true;
  }

  key(event) {
    const { x, y } = this.view;
    let [i, j] = this.at ?? [0, 0];
    const jump = (blocks, at, by) => {
      const next = blocks.findIndex((b) => at >= b.first && at <= b.last) + by;
      return next < 0 || next >= blocks.length ? at : blocks[next].first;
    };
    switch (event.key) {
      case "ArrowLeft": i--; break;
      case "ArrowRight": i++; break;
      case "ArrowUp": j++; break;
      case "ArrowDown": j--; break;
      case "Home": i = 0; break;
      case "End": i = x.length - 1; break;
      case "PageUp": j = jump(this.layout.upward.blocks, j, 1); break;
      case "PageDown": j = jump(this.layout.upward.blocks, j, -1); break;
      case "Enter": case " ": event.preventDefault(); return this.openCell();
      case "Escape": return this.hideTip();
      default: return;
    }
    event.preventDefault();
    const clamp = (v, n) => Math.min(Math.max(v, 0), n - 1);
    this.choose([clamp(i, x.length), clamp(j, y.length)], true);
  }

  openCell() {
    if (!this.at) return;
    this.hideTip();
    this.open(this.view.cells[this.at[0]][this.at[1]]);
  }

  saveSVG(name) {
    const layout = layoutMap(this.view, downloadRoom);
    const surface = new SVGSurface(layout.width, layout.height, this.view.group.name);
    drawMap(surface, this.view, layout, paperTheme);
    save(name, new Blob([surface.toString()], { type: "image/svg+xml" }));
  }

  savePNG(name) {
    const layout = layoutMap(this.view, downloadRoom), canvas = document.createElement("canvas");
    drawMap(new CanvasSurface(canvas, layout.width, layout.height, 3), this.view, layout, paperTheme);
    canvas.toBlob((blob) => save(name, blob), "image/png");
  }

  saveCSV(name) {
    const rows = this.view.cells.flatMap((row) => row.map(csvRow));
    save(name, new Blob([csv([csvHead, ...rows])], { type: "text/csv" }));
  }
}
