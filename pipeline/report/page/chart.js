// The chart of curves: values of a few lines along the layers, with their intervals, and how it answers pointer and keyboard.

const lineColours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "front", "#e69f00", "#56b4e9"];
const chartHeight = 300;

// colourOf is that of a line: the model's own, one of the fixed ones, or, of many lines, a step along a colour map.
function colourOf(data, model, k, n, theme) {
  const own = data.looks[model]?.colour;
  if (own) return own;
  if (n > lineColours.length) return readMap(data.maps.viridis)[Math.round((k * 225) / (n - 1))];
  return lineColours[k] === "front" ? theme.front : lineColours[k];
}

// unionOfLayers merges the layers of models into one axis: a layer that is new follows the one that it follows in its model.
function unionOfLayers(data, ids) {
  const union = [];
  let model = null, at = 0;
  for (const id of ids) {
    const layer = data.layers[id];
    if (layer.model !== model) { model = layer.model; at = 0; }
    const i = union.indexOf(layer.layer);
    if (i >= 0) at = i + 1;
    else union.splice(at++, 0, layer.layer);
  }
  return union;
}

// curvesOf are a line for each model of x against one layer y, without the value of y with itself.
function curvesOf({ data, group, x }, y) {
  const names = unionOfLayers(data, x), lines = new Map();
  for (const id of x) {
    const { model, layer } = data.layers[id];
    if (!lines.has(model)) lines.set(model, { model, name: shownModel(data, model), points: [] });
    const cell = group.cell(id, y);
    if (cell.value != null && id !== y) lines.get(model).points.push({ i: names.indexOf(layer), value: cell.value, lo: cell.lo, hi: cell.hi, weak: cell.state === "weak", chance: cell.mean, cell });
  }
  const shown = (layer) => { const id = x.find((id) => data.layers[id].layer === layer && !ownName(data, id)); return id === undefined ? layer : layerName(data, id); };
  return { names: names.map(shown), lines: [...lines.values()] };
}

// minusOf is the line of one model less another, layer by layer, against one layer y. The difference is the run's own, of which the same groups were left
// out of both values; where the run has none, its interval is put together from those of both as if they were independent (Zou and Donner 2008).
function minusOf({ data, group, x }, y, one, other) {
  const of = (model) => new Map(x.filter((id) => data.layers[id].model === model).map((id) => [data.layers[id].layer, group.cell(id, y)]));
  const a = of(one), b = of(other), points = [], names = [...a.keys()].filter((layer) => b.has(layer));
  names.forEach((layer, i) => {
    const p = a.get(layer), q = b.get(layer);
    if (p.value == null || q.value == null || p.x === y || q.x === y) return;
    const { value, lo, hi, p: chance } = group.less(p.x, q.x, y) ?? apart(p, q);
    const facts = (lo == null ? "" : ` (95 % CI ${short(lo)} to ${short(hi)}${chance == null ? ", as if the two were independent" : `; uncorrected p ${equalsP(chance)}`})`);
    const said = [`${layerName(data, p.x)} minus ${layerName(data, q.x)}, against ${layerName(data, y)}`, short(value) + facts, `${short(p.value)} and ${short(q.value)}`];
    points.push({ i, value, lo, hi, weak: chance > alpha, cell: p, said });
  });
  return { names, lines: [{ model: one, name: `${shownModel(data, one)} minus ${shownModel(data, other)}`, points }], zero: true };
}

// apart is the difference of two values as if they were independent.
function apart(p, q) {
  const value = p.value - q.value;
  if (p.lo == null || q.lo == null) return { value, lo: null, hi: null };
  return { value, lo: value - Math.hypot(p.value - p.lo, q.hi - q.value), hi: value + Math.hypot(p.hi - p.value, q.value - q.lo) };
}

class Chart {
  constructor(root, links) {
    Object.assign(this, { root, say, ...links });
    this.canvas = root.querySelector("canvas");
    this.tip = root.querySelector(".tip");
    this.at = null; // the chosen point, with its line
    root.addEventListener("pointermove", (e) => this.point(e));
    root.addEventListener("pointerleave", () => { this.tip.hidden = true; });
    root.addEventListener("click", (e) => { this.point(e); this.openPoint(); });
    root.addEventListener("keydown", (e) => this.key(e));
    root.addEventListener("focus", () => { if (root.matches(":focus-visible") && this.all.length) this.pick(this.at ?? this.all[0], true); });
    root.addEventListener("blur", () => { this.tip.hidden = true; });
  }

  // show draws lines: {names of the x axis, axis: what they are, lines, title, zero}; many points a line are plain, without dots, and have labels at some places only.
  show(view) {
    this.view = view;
    this.all = view.lines.flatMap((line) => line.points.map((p) => ({ line, ...p })));
    this.at = null;
    this.tip.hidden = true;
    this.root.setAttribute("aria-label", `${view.title}: ${view.lines.map((l) => l.name).join(", ")}`);
    this.draw();
  }

  layout(width) {
    const values = this.all.flatMap((p) => [p.value, p.lo, p.hi, p.chance]).filter((v) => v != null).concat(this.view.zero ? [0] : []);
    let lo = Math.min(...values), hi = Math.max(...values);
    if (!values.length) [lo, hi] = [0, 1];
    if (hi - lo < 1e-9) [lo, hi] = [lo - 0.05, hi + 0.05];
    const step = niceStep((hi - lo) / 5);
    [lo, hi] = [Math.floor(lo / step + 1e-6) * step, Math.ceil(hi / step - 1e-6) * step];
    const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9)), ticks = [];
    for (let k = Math.round(lo / step); k * step <= hi + step * 1e-6; k++) ticks.push([k * step, minus((k * step).toFixed(decimals)).replace(/^\u2212(0\.?0*)$/, "$1")]);
    const { names } = this.view;
    const left = Math.ceil(14 + Math.max(...ticks.map(([, text]) => textWidth(text, 11))));
    const rows = this.legend(width), titles = wrapped(this.view.title, 13, width - 16), top = 18 + 16 * (titles.length + rows.length), pitch = (width - left - 10) / Math.max(names.length, 1);
    const turned = names.map((n) => !this.view.labels && textWidth(n, 11) + 4 > 2 * pitch);
    const bottom = 40 + Math.max(11, ...names.map((n, i) => (turned[i] ? textWidth(n, 11) : 0)));
    const x = (i) => left + (i + 0.5) * pitch, y = (v) => top + (chartHeight - 40) * (1 - (v - lo) / (hi - lo));
    return { titles, width, height: top + chartHeight - 40 + bottom, left, top, ticks, names, pitch, turned, x, y, foot: top + chartHeight - 40, rows };
  }

  // legend puts the names of the lines into rows.
  legend(width) {
    const rows = [[]];
    let x = 8;
    for (const line of this.view.lines) {
      const wide = 26 + textWidth(line.name, 11) + 14;
      if (x + wide > width && x > 8) { rows.push([]); x = 8; }
      rows.at(-1).push({ line, x });
      x += wide;
    }
    return rows;
  }

  draw() {
    if (!this.view || !this.root.parentElement.clientWidth) return;
    const l = (this.place = this.layout(this.root.parentElement.clientWidth));
    const surface = new CanvasSurface(this.canvas, l.width, l.height, window.devicePixelRatio || 1);
    this.paint(surface, l, pageTheme());
    if (this.at) {
      surface.dot(l.x(this.at.i), l.y(this.at.value), 7, null, "#ffffff", 4);
      surface.dot(l.x(this.at.i), l.y(this.at.value), 7, null, "#d10070", 2);
    }
  }

  paint(surface, l, theme) {
    const { view } = this;
    surface.rect(0, 0, l.width, l.height, theme.back);
    l.titles.forEach((line, k) => surface.text(8, 16 + 16 * k, line, { size: 13, bold: true, fill: theme.front }));
    const colours = new Map(view.lines.map((line, k) => [line, theme[line.colour] ?? colourOf(view.data, line.model, k, view.lines.length, theme)]));
    l.rows.forEach((row, k) => row.forEach(({ line, x }) => {
      const y = 16 + 16 * (l.titles.length + k);
      surface.lines([[x, y - 4, x + 20, y - 4]], colours.get(line), 2);
      if (!view.plain) surface.dot(x + 10, y - 4, 3, colours.get(line));
      surface.text(x + 26, y, line.name, { size: 11, fill: theme.front });
    }));
    surface.lines(l.ticks.map(([v]) => [l.left, l.y(v), l.width - 10, l.y(v)]), theme.void, 0.5);
    for (const [v, text] of l.ticks) surface.text(l.left - 5, l.y(v) + 4, text, { size: 11, anchor: "end", fill: theme.front });
    surface.lines([[l.left, l.top, l.left, l.foot], [l.left, l.foot, l.width - 10, l.foot]], theme.front, 1);
    if (view.zero) surface.lines([[l.left, l.y(0), l.width - 10, l.y(0)]], theme.front, 1);
    for (const i of view.labels ?? shownLabels(l.names, l.pitch, 11, l.turned, true)) {
      surface.lines([[l.x(i), l.foot, l.x(i), l.foot + 4]], theme.front, 1);
      if (l.turned[i]) surface.text(l.x(i) + 4, l.foot + 7, l.names[i], { size: 11, anchor: "end", up: true, fill: theme.front });
      else surface.text(l.x(i), l.foot + 17, l.names[i], { size: 11, anchor: "middle", fill: theme.front });
    }
    surface.text((l.left + l.width - 10) / 2, l.height - 5, view.axis ?? "Layer", { size: 11, anchor: "middle", fill: theme.front });
    for (const line of view.lines) { // what chance gives
      surface.lines(line.points.filter((p) => p.chance != null).map((p) => [l.x(p.i) - 0.3 * l.pitch, l.y(p.chance), l.x(p.i) + 0.3 * l.pitch, l.y(p.chance)]), colours.get(line), 1);
    }
    for (const line of view.lines) {
      for (const run of this.runs(line.points.filter((p) => p.lo != null))) {
        if (run.length > 1) surface.area([...run.map((p) => [l.x(p.i), l.y(p.hi)]), ...run.toReversed().map((p) => [l.x(p.i), l.y(p.lo)])], colours.get(line), view.lines.length > 4 ? 0.1 : 0.18);
        else surface.lines([[l.x(run[0].i), l.y(run[0].lo), l.x(run[0].i), l.y(run[0].hi)]], colours.get(line), 1);
      }
    }
    for (const line of view.lines) {
      for (const run of this.runs(line.points)) surface.lines(run.slice(1).map((p, k) => [l.x(run[k].i), l.y(run[k].value), l.x(p.i), l.y(p.value)]), colours.get(line), 2);
      if (!view.plain) for (const p of line.points) surface.dot(l.x(p.i), l.y(p.value), 3.5, p.weak ? theme.back : colours.get(line), colours.get(line), 1.5);
    }
  }

  // runs cuts a line where layers are missing.
  runs(points) {
    const list = [];
    for (const p of points) {
      if (list.length && p.i === list.at(-1).at(-1).i + 1) list.at(-1).push(p);
      else list.push([p]);
    }
    return list;
  }

  point(event) {
    if (!this.place) return;
    const box = this.canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    let best = null, least = 40;
    for (const p of this.all) {
      const d = Math.hypot(this.place.x(p.i) - x, this.place.y(p.value) - y);
      if (d < least) [best, least] = [p, d];
    }
    if (!best) { this.tip.hidden = true; return; }
    this.pick(best, false);
  }

  words(p) { return p.said ?? inWords(p.cell); }

  pick(p, byKey) {
    if (this.at === p && !this.tip.hidden) return;
    this.at = p;
    this.draw();
    const lines = this.words(p);
    this.say(lines);
    this.tip.textContent = lines.join("\n");
    this.tip.hidden = false;
    const x = this.place.x(p.i), y = this.place.y(p.value), w = this.tip.offsetWidth, h = this.tip.offsetHeight;
    this.tip.style.left = `${Math.max(0, Math.min(x + 12, this.place.width - w))}px`;
    this.tip.style.top = `${y + 14 + h > this.place.height ? Math.max(0, y - h - 12) : y + 14}px`;
    this.choose(p.cell, this);
  }

  // mark shows where a cell that another view has chosen stands.
  mark(cell) {
    const p = this.all?.find((p) => p.cell.group === cell.group && p.cell.k === cell.k) ?? null;
    if (p === this.at) return;
    this.at = p;
    this.tip.hidden = true;
    this.draw();
  }

  openPoint() {
    if (!this.at) return;
    this.tip.hidden = true;
    this.open(this.at.cell);
  }

  key(event) {
    if (!this.all.length) return;
    const at = this.at ?? this.all[0], lines = this.view.lines.filter((l) => l.points.length);
    const on = (line) => this.all.filter((p) => p.line === line);
    const k = on(at.line).findIndex((p) => p.i === at.i), n = lines.indexOf(at.line);
    const near = (line) => on(line).reduce((a, b) => (Math.abs(b.i - at.i) < Math.abs(a.i - at.i) ? b : a));
    let next = null;
    switch (event.key) {
      case "ArrowLeft": next = on(at.line)[k - 1]; break;
      case "ArrowRight": next = on(at.line)[k + 1]; break;
      case "ArrowDown": next = near(lines[(n + 1) % lines.length]); break;
      case "ArrowUp": next = near(lines[(n + lines.length - 1) % lines.length]); break;
      case "Home": next = on(at.line)[0]; break;
      case "End": next = on(at.line).at(-1); break;
      case "Enter": case " ": event.preventDefault(); return this.openPoint();
      case "Escape": this.tip.hidden = true; return;
      default: return;
    }
    event.preventDefault();
    this.pick(next ?? at, true);
  }

  saveSVG(name) {
    const l = this.layout(640), surface = new SVGSurface(l.width, l.height, this.view.title);
    this.paint(surface, l, paperTheme);
    save(name, new Blob([surface.toString()], { type: "image/svg+xml" }));
  }

  savePNG(name) {
    const l = this.layout(640), canvas = document.createElement("canvas");
    this.paint(new CanvasSurface(canvas, l.width, l.height, 3), l, paperTheme);
    canvas.toBlob((blob) => save(name, blob), "image/png");
  }
}
