// Where two heads look: their attention by relative position, which is the frame of the key less that of the query.

const nearby = 2; // frames on either side that count as one place
const parts = 1e5; // that shares are counted in

// What is drawn is as wide as it takes to show so much of the attention of both heads, or all that there is.
const widths = [8, 16, 32], mostOfIt = 0.9;

const frames = (n) => `${Math.abs(n)} frame${Math.abs(n) === 1 ? "" : "s"}`;

class HeadsView {
  constructor(data) { this.data = data; }

  // find is the heads of a layer, or null.
  find(id) {
    const of = this.data.heads[this.data.layers[id].model], k = of?.layers.indexOf(id) ?? -1;
    return k < 0 ? null : { of, id, name: layerName(this.data, id), heads: of.heads[k] };
  }

  // of is what the view of a layer pair says about its heads.
  of({ x, y, group }) {
    if (group.metric !== "attention") return [];
    const sides = [this.find(x), this.find(y)];
    if (sides.includes(null)) return [];
    const matches = this.matches(group, x, y);
    const selects = sides.map((side) => make("select", {}, ...side.heads.map((_, head) => make("option", { value: head }, head))));
    const words = make("div", { "aria-live": "polite" }), status = make("p", { class: "hidden", role: "status" });
    const root = make("div", { class: "chart", role: "application", "aria-roledescription": "chart", tabindex: "0" }, make("canvas"), make("div", { class: "tip", "aria-hidden": "true", hidden: true }));
    const holder = make("div", {}, root); // as wide as there is room
    const chart = new Chart(root, { open() {}, choose() {}, say: (lines) => { status.textContent = lines.join(". "); } });
    const show = () => {
      const two = sides.map((side, k) => new Head(side, Number(selects[k].value)));
      words.replaceChildren(...two.map((head) => make("p", {}, head.inWords())), make("p", {}, alike(...two)));
      chart.show(this.curves(two));
    };
    const match = () => { const found = matches.get(Number(selects[0].value)); if (found) selects[1].value = found.head; };
    selects[0].addEventListener("change", () => { match(); show(); });
    selects[1].addEventListener("change", show);
    const best = [...matches].sort(([, a], [, b]) => b.value - a.value)[0];
    selects[0].value = best?.[0] ?? 0;
    if (x === y) selects[1].value = Math.min(1, sides[1].heads.length - 1);
    match();
    show();
    new ResizeObserver(() => chart.draw()).observe(holder);
    return [make("h3", {}, "Attention by relative position"),
      make("div", { class: "controls" }, ...sides.map((side, k) => make("label", {}, `Head of ${"xy"[k]}, ${side.name}`, selects[k]))),
      words, holder, status,
      make("p", { class: "about" }, "Mean attention over all pairs of a query and a key that are so many frames apart, in all utterances: a position to the left is before the query. Heads are numbered from 0. The grey line is attention that is spread evenly over each utterance. Two heads may look at the same positions on average, and not in the same frames: that is what the value compares. relative_positions.csv has all digits, and positions as far as 64 frames away.")];
  }

  // matches are the heads of y that were found for those of x, of one metric.
  matches(group, x, y) {
    const title = `Matches in y, ${group.label} (${group.comparison})`;
    const found = this.data.details.find((d) => d.x === x && d.y === y && this.data.tables[d.table].title.startsWith(title));
    return new Map(found?.rows.map(([head, match, value]) => [Number(head), { head: match, value: Number(value.replace("\u2212", "-")) }]));
  }

  curves(two) {
    const { at, frame } = two[0].side.of;
    const within = widths.find((w) => two.every((head) => head.sum((d, i) => Math.abs(d) <= w && !head.beyond(i)) >= mostOfIt * head.sum(() => true))) ?? Infinity;
    const inside = at.map((_, i) => i).filter((i) => !two[0].beyond(i) && Math.abs(at[i]) <= within);
    const places = inside.map((i) => at[i]), step = 2 ** Math.max(0, Math.round(Math.log2(places.length / 8)));
    const line = (name, mean, more) => ({ name, ...more, points: inside.map((i, k) => ({ i: k, value: mean(i), said: [`${name}, ${away(at[i], frame)}`, `mean attention ${Number(mean(i).toPrecision(2))}`] })).filter((p) => Number.isFinite(p.value)) });
    const ofModel = (head) => this.data.layers[head.side.id].model, same = ofModel(two[0]) === ofModel(two[1]);
    const lines = two.map((head, k) => line(head.name, (i) => head.mean(i), { model: same && k ? null : ofModel(head) }));
    lines.push(line("spread evenly", (i) => two[0].uniform(i) / two[0].side.of.pairs[i], { colour: "soft" }));
    return { data: this.data, title: `Mean attention by relative position, in frames${frame ? ` of ${milliseconds(frame)}` : ""}`, zero: true, plain: true,
      axis: "Key minus query, frames", names: places.map((d) => minus(String(d))), labels: places.flatMap((d, k) => (d % step === 0 ? [k] : [])), lines };
  }
}

const milliseconds = (s) => `${Number((1000 * s).toPrecision(4))}\u00a0ms`;

// away says how far from its query a key is.
function away(d, frame) {
  if (d === 0) return "the frame itself";
  return `${frames(d)}${frame ? ` (${milliseconds(Math.abs(d) * frame)})` : ""} ${d < 0 ? "before" : "after"} the query`;
}

// Head is one head, and what its shares say.
class Head {
  constructor(side, number) {
    Object.assign(this, { side, number, at: side.of.at, shares: side.heads[number].map((v) => v / parts) });
    this.name = `head ${number} of ${side.name}`;
  }

  uniform(i) { return this.side.of.uniform[i]; }

  mean(i) { return this.shares[i] / this.side.of.pairs[i]; }

  // sum adds up shares, its own or those of evenly spread attention, where some positions are.
  sum(where, share = (i) => this.shares[i]) { return this.at.reduce((sum, d, i) => sum + (where(d, i) ? share(i) : 0), 0); }

  beyond(i) { const { open } = this.side.of; return (open[0] && i === 0) || (open[1] && i === this.at.length - 1); }

  // peak is the position inside the window that has the highest mean.
  peak() {
    let best = null;
    this.at.forEach((_, i) => { if (!this.beyond(i) && this.uniform(i) > 0 && (best === null || this.mean(i) > this.mean(best))) best = i; });
    return best;
  }

  // around is the share of attention near a place, the head's own or, evenly spread, any head's.
  around(place, share) { return this.sum((d, i) => !this.beyond(i) && Math.abs(d - place) <= nearby, share); }

  inWords() {
    const { frame, open } = this.side.of, peak = this.peak(), even = (i) => this.uniform(i);
    const times = this.shares[peak] / even(peak); // as much as evenly spread attention
    const where = (place) => (place ? "" : "at ") + away(place, frame);
    let place = this.at[peak], looks = `spreads its attention widely, a little more ${where(place)}`;
    if (this.around(place) >= 0.5) looks = `looks mostly ${where(place)}`;
    else if (times >= 2) looks = `looks more ${where(place)} than elsewhere`;
    else if (this.around(0) < this.around(0, even) / 2) [place, looks] = [0, "looks away from the frame itself"];
    else if (times < 1.25) [place, looks] = [0, "spreads its attention almost evenly"];
    const last = Math.max(...this.at.map(Math.abs)) - 1;
    const also = [`${percent(this.sum((d) => d < 0))} is on frames before the query`, `${percent(this.sum((d) => d > 0))} on frames after it`];
    if (open[0] || open[1]) also.push(`${percent(this.sum((_, i) => this.beyond(i)))} more than ${frames(last)} away`);
    const all = this.sum(() => true), lost = all < 0.995 ? ` ${percent(1 - all)} is outside of the audio.` : "";
    return `Head ${this.number} of ${this.side.name} ${looks}: ${percent(this.around(place))} of its attention is within \u00b1${nearby} frames of ${place ? "there" : "it"} (${percent(this.around(place, even))} if it were spread evenly). ${also.join(", ")}.${lost}`;
  }
}

// alike says how far two heads look at the same positions.
function alike(a, b) {
  const at = new Map(b.at.map((d, i) => [d, b.shares[i]]));
  const both = a.at.reduce((sum, d, i) => sum + Math.min(a.shares[i], at.get(d) ?? 0), 0);
  return `The two have ${percent(both)} of their attention at the same relative positions.`;
}
