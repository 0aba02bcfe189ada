// From a value to speech: the words and phones that carry it, each of which can be heard.

const percent = (v) => minus((100 * v).toFixed(1).replace(/^-0\.0$/, "0.0")) + "\u00a0%";
const signed = (v) => (v > 0 ? "+" : "") + percent(v);
const seconds = (v) => v.toFixed(2);

class SpeechView {
  constructor(data, groups) {
    Object.assign(this, { data, groups, clips: new Clips() });
    this.pairs = data.speech;
    if (!this.pairs.length) return;
    const select = $("speech-pair");
    this.pairs.forEach((pair, i) => select.append(make("option", { value: i }, this.title(pair))));
    select.addEventListener("change", () => this.show());
    $("speech").hidden = false;
    // Pictures of a hundred clips are made when a reader comes near.
    new IntersectionObserver((entries, observer) => {
      if (!entries.some((e) => e.isIntersecting)) return;
      observer.disconnect();
      this.show();
    }, { rootMargin: "400px" }).observe($("speech"));
  }

  title({ group, x, y }) {
    const g = this.groups[group];
    return `${g.comparison}: ${layerName(this.data, x)} \u00d7 ${layerName(this.data, y)}, ${g.label} = ${short(g.cell(x, y).value)}`;
  }

  // between are the pairs of two layers, either of which may be x.
  between(x, y) { return this.pairs.filter((pair) => (pair.x === x && pair.y === y) || (pair.x === y && pair.y === x)); }

  // behind is the pair that has the speech behind a value.
  behind({ x, y, group }) { return this.between(x, y).find((pair) => this.groups[pair.group] === group); }

  choose(pair) {
    $("speech-pair").value = this.pairs.indexOf(pair);
    this.show();
  }

  show() { $("speech-body").replaceChildren(...this.panel(this.pairs[$("speech-pair").value])); }

  // of is what the view of a layer pair says: its types, or where there are some.
  of({ x, y, group }) {
    const same = this.pairs.filter((pair) => this.groups[pair.group].comparison === group.comparison);
    const here = this.between(x, y).filter((pair) => same.includes(pair));
    if (here.length) return here.flatMap((pair) => [make("h3", {}, `Speech behind the value, ${this.groups[pair.group].label}`), ...this.panel(pair)]);
    if (!same.length) return [];
    const jump = (pair) => make("button", { type: "button", onclick: () => { $("pair").close(); this.choose(pair); $("speech").scrollIntoView(); } }, this.title(pair));
    return [make("h3", {}, "Speech behind the value"), make("p", {}, "The words or phones that carry a value are listed for the best pair of layers of two models, where its value is above chance:"), make("p", { class: "buttons" }, ...same.map(jump))];
  }

  // panel is the types of a pair, with one player for all.
  panel(pair) {
    const player = make("audio", { controls: true, preload: "none" }), note = make("p", { role: "status" });
    player.addEventListener("error", () => {
      if (player.getAttribute("src")) note.textContent = "The browser cannot play this file: it may have been moved, or be of a kind that browsers do not know, such as NIST SPHERE. With report: {audio: clips} in the config the page carries the sound itself.";
    });
    const play = (token) => {
      note.textContent = "";
      if (this.url) URL.revokeObjectURL(this.url);
      this.url = this.clips.has(token.clip) ? URL.createObjectURL(this.clips.sound(token.clip)) : null;
      player.src = this.url ?? this.link(token);
      player.play().catch(() => {}); // its error event says more
    };
    const carry = pair.types.filter((t) => t.effect > 0), pull = pair.types.filter((t) => t.effect < 0);
    return [make("p", {}, player), note,
      ...this.types("Types that carry the value", carry, play), ...this.types("Types that pull it down", pull, play)];
  }

  link(token) { return `${token.file}#t=${token.start.toFixed(3)},${token.end.toFixed(3)}`; }

  types(name, types, play) {
    if (!types.length) return [];
    const heads = ["Type", "#Rows", "#Share", "#Change without it", "Tokens"];
    const rows = types.map((t) => [t.label, count(t.rows), percent(t.share), signed(-t.effect), make("div", { class: "tokens" }, ...t.tokens.map((token) => this.token(t, token, play)))]);
    return [make("h3", {}, name), make("div", { class: "types" }, table(heads, rows, name))];
  }

  token(type, token, play) {
    const times = `${seconds(token.start)} to ${seconds(token.end)} s`, parts = [];
    if (this.clips.has(token.clip)) {
      const canvas = make("canvas", { role: "img", "aria-label": `Spectrogram of ${type.label}` });
      spectrogram(canvas, this.clips.samples(token.clip), this.clips.rate);
      parts.push(canvas);
    }
    if (parts.length || token.file) parts.push(make("button", { type: "button", "aria-label": `Play ${type.label} of ${token.utterance}, ${times}`, onclick: () => play(token) }, "Play"));
    const where = `${token.utterance} ${times}`;
    parts.push(token.file ? make("a", { href: this.link(token) }, where) : make("span", {}, where));
    return make("span", { class: "token" }, ...parts);
  }
}
