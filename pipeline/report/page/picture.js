// The figures of the page answer like the views of Explore: each knows where its cells stand (the targets that were written with it).

class LivePicture {
  constructor(root, targets, data, groups, { open, choose }) {
    Object.assign(this, { root, targets, data, groups, open, choose });
    this.ring = make("div", { class: "ring", hidden: true });
    this.frame = root.querySelector(".live");
    this.frame.append(this.ring);
    this.unpack();
    this.at = null;
    root.setAttribute("role", "application");
    root.setAttribute("aria-roledescription", "figure");
    root.addEventListener("pointermove", (e) => this.point(e));
    root.addEventListener("pointerleave", () => this.leave());
    root.addEventListener("click", (e) => { this.point(e); this.openTarget(); });
    root.addEventListener("keydown", (e) => this.key(e));
    root.addEventListener("focus", () => { if (root.matches(":focus-visible")) this.pick(this.at ?? this.first()); });
    root.addEventListener("blur", () => this.leave());
  }

  // unpack draws a picture that is packed once a reader comes near.
  unpack() {
    const packed = this.root.querySelector(".packed");
    if (!packed) return;
    new IntersectionObserver(async (entries, observer) => {
      if (!entries.some((e) => e.isIntersecting)) return;
      observer.disconnect();
      const svg = new DOMParser().parseFromString(await unpacked(packed.textContent), "image/svg+xml").documentElement;
      packed.replaceWith(document.importNode(svg, true));
    }, { rootMargin: "800px" }).observe(this.root.closest("figure"));
  }

  layer({ model, layer }) { return this.data.layerAt.get(model + "\0" + layer); }

  groupOf(t) {
    return this.groups.find((g) => (!t.comparison || g.comparison === t.comparison) && g.metric === t.metric && g.variant === t.variant && g.params === t.params);
  }

  // inMap and onLine make a target of a place in a map and of a point on a line: where it stands, what is said of it, and its cell.
  inMap(map, i, j) {
    return { map, i, j, x: map.x[i], y: map.y[j], wide: map.edge, ...this.about(map, map.texts?.[j * map.x.length + i], map.xof[i], map.yof[j]) };
  }

  onLine(line, i) {
    const r = 0.012 * this.targets.wide;
    return { line, i, x: line.x[i] - r, y: line.y[i] - r, wide: 2 * r, round: true, ...this.about(line, line.texts?.[i], line.xof[i], line.yof) };
  }

  about(of, text, xOf, yOf) {
    if (text) return { said: text.split("\n") };
    const group = this.groupOf(of), x = this.layer(xOf);
    if (!group || x === undefined) return { said: [`${xOf.model} ${xOf.layer}`] };
    if (!yOf) return { said: this.nearest(group, x) };
    const y = this.layer(yOf);
    if (y === undefined) return { said: [layerName(this.data, x)] };
    const cell = group.cell(x, y);
    return { cell, said: inWords(cell) };
  }

  // nearest says of a layer by itself which other one is most like it.
  nearest(group, x) {
    let best = null;
    for (const y of group.y) {
      const cell = group.cell(x, y);
      if (y !== x && cell.value != null && !(best?.value >= cell.value)) best = cell;
    }
    return [layerName(this.data, x), ...(best ? [`Most similar: ${layerName(this.data, best.y)} (${group.label} = ${short(best.value)})`] : [])];
  }

  first() {
    const { maps = [], points = [] } = this.targets;
    if (maps.length) return this.inMap(maps[0], 0, 0);
    const line = points.find((p) => p.x?.length);
    return line ? this.onLine(line, 0) : null;
  }

  under(event) {
    const box = this.frame.getBoundingClientRect(), scale = this.targets.wide / box.width;
    const x = (event.clientX - box.left) * scale, y = (event.clientY - box.top) * scale;
    for (const map of this.targets.maps ?? []) {
      const find = (starts, v) => starts.findIndex((s) => v >= s && v < s + map.edge);
      const i = find(map.x, x), j = find(map.y, y);
      if (i >= 0 && j >= 0) return this.inMap(map, i, j);
    }
    let best = null, least = 24 * scale;
    for (const line of this.targets.points ?? []) {
      line.x?.forEach((px, i) => {
        const d = Math.hypot(px - x, line.y[i] - y);
        if (d < least) [best, least] = [[line, i], d];
      });
    }
    return best && this.onLine(...best);
  }

  point(event) {
    const target = this.under(event);
    if (!target) return this.leave();
    this.pick(target, event);
  }

  place(target) {
    const { wide, high } = this.targets, style = this.ring.style;
    style.left = `${(100 * target.x) / wide}%`;
    style.top = `${(100 * target.y) / high}%`;
    style.width = `${(100 * target.wide) / wide}%`;
    style.height = `${(100 * target.wide) / high}%`;
    this.ring.classList.toggle("round", !!target.round);
    this.ring.hidden = false;
  }

  pick(target) {
    if (!target) return;
    this.at = target;
    this.place(target);
    say(target.said);
    const tip = $("figure-tip"), ring = this.ring.getBoundingClientRect();
    tip.textContent = target.said.join("\n");
    tip.hidden = false;
    const w = tip.offsetWidth, h = tip.offsetHeight;
    tip.style.left = `${Math.max(4, Math.min(ring.right + 8, document.documentElement.clientWidth - w - 4))}px`;
    tip.style.top = `${ring.bottom + 8 + h > innerHeight ? Math.max(4, ring.top - h - 8) : ring.bottom + 8}px`;
    if (target.cell) this.choose(target.cell, this);
  }

  leave() {
    $("figure-tip").hidden = true;
    this.ring.hidden = true;
  }

  openTarget() {
    if (!this.at?.cell) return;
    this.leave();
    this.open(this.at.cell);
  }

  // mark shows where a cell that another view has chosen stands.
  mark(cell) {
    this.ring.hidden = true;
    const is = (of) => !of.texts && this.groupOf(of) === cell.group;
    const at = (list, id) => list.findIndex((l) => this.layer(l) === id);
    for (const map of this.targets.maps ?? []) {
      if (!is(map)) continue;
      const i = at(map.xof, cell.x), j = at(map.yof, cell.y);
      if (i >= 0 && j >= 0) return this.place(this.inMap(map, i, j));
    }
    for (const line of this.targets.points ?? []) {
      if (!line.yof || !is(line) || this.layer(line.yof) !== cell.y) continue;
      const i = at(line.xof ?? [], cell.x);
      if (i >= 0) return this.place(this.onLine(line, i));
    }
  }

  key(event) {
    const at = this.at ?? this.first();
    if (!at) return;
    const clamp = (v, n) => Math.min(Math.max(v, 0), n - 1);
    const lines = (this.targets.points ?? []).filter((p) => p.x?.length);
    const step = (di, dj) => {
      if (at.map) return this.inMap(at.map, clamp(at.i + di, at.map.x.length), clamp(at.j + dj, at.map.y.length));
      const line = lines[(lines.indexOf(at.line) - dj + lines.length) % lines.length];
      return this.onLine(line, clamp(at.i + di, line.x.length));
    };
    const far = 1e6;
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1], Home: [-far, 0], End: [far, 0] };
    if (event.key === "Escape") return this.leave();
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); return this.openTarget(); }
    if (!moves[event.key]) return;
    event.preventDefault();
    this.pick(step(...moves[event.key]));
  }
}
