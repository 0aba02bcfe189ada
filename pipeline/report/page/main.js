// Connects the parts of the page: the controls, the theme and the start.

function startTheme(redraw) {
  const button = $("theme"), system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const label = () => { button.textContent = dark() ? "Light colours" : "Dark colours"; };
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = dark() ? "light" : "dark";
    label();
    redraw();
  });
  system.addEventListener("change", () => { label(); redraw(); });
  button.hidden = false;
  label();
}

const modelsOf = (data, layers) => [...new Set(layers.map((id) => data.layers[id].model))];

// fillModels makes a box to tick for each model of one side.
function fillModels(fieldset, data, models, change) {
  for (const label of fieldset.querySelectorAll("label")) label.remove();
  for (const model of models) {
    fieldset.append(make("label", {}, make("input", { type: "checkbox", value: model, checked: true, onchange: change }), shownModel(data, model)));
  }
}

const ticked = (fieldset) => new Set([...fieldset.querySelectorAll("input:checked")].map((input) => input.value));

function fillChoices(select, choices) {
  const before = select.value;
  select.replaceChildren(...choices.map(([value, text]) => make("option", { value }, text)));
  if (choices.some(([value]) => value === before)) select.value = before;
  select.disabled = choices.length < 2;
}

// Explorer is the views of one group of cells: a map where both sides have layers, curves against one layer of y, and one model minus another.
class Explorer {
  constructor(data, groups, links) {
    Object.assign(this, { data, groups });
    this.map = new HeatMap(links);
    this.curves = new Chart($("curves"), links);
    this.minus = new Chart($("minus"), links);
    this.views = [this.map, this.curves, this.minus];
    groups.forEach((group, i) => $("measure").append(make("option", { value: i }, group.name)));
    $("measure").addEventListener("change", () => { this.choose(); this.note(); });
    for (const id of ["colours", "scale"]) $(id).addEventListener("change", () => { this.show(); this.note(); });
    for (const id of ["against", "models"]) $(id).addEventListener("change", () => { this.drawCurves(); this.note(); });
    const name = (ending) => fileName(this.group.comparison, this.group.metric, this.group.variant, this.group.params) + "." + ending;
    $("save-svg").addEventListener("click", () => this.main().saveSVG(name("svg")));
    $("save-png").addEventListener("click", () => this.main().savePNG(name("png")));
    $("save-csv").addEventListener("click", () => this.map.saveCSV(name("csv")));
    $("explore").hidden = false;
    this.choose();
    new ResizeObserver(() => this.resize()).observe($("explore"));
  }

  // main is the view that is downloaded.
  main() { return this.view.y.length > 1 ? this.map : this.curves; }

  // choose shows the group that is chosen, with all its models.
  choose() {
    this.group = this.groups[$("measure").value];
    const changed = () => { this.show(); this.note(); };
    fillModels($("x-models"), this.data, modelsOf(this.data, this.group.x), changed);
    fillModels($("y-models"), this.data, modelsOf(this.data, this.group.y), changed);
    this.show();
  }

  show() {
    const { data, group } = this;
    const pick = (layers, fieldset) => {
      const models = ticked(fieldset), list = layers.filter((id) => models.has(data.layers[id].model));
      return list.length ? list : layers; // none ticked: all are shown
    };
    const x = pick(group.x, $("x-models")), y = pick(group.y, $("y-models"));
    this.view = { data, group, x, y, map: readMap(data.maps[$("colours").value]), centred: $("colours").value === "diverging", scale: $("scale").value };
    $("map-pane").hidden = y.length < 2;
    this.map.show(this.view);
    fillChoices($("against"), y.map((id) => [String(id), layerName(data, id)]));
    if (y.length > 1 && !this.follow) $("against").value = String(this.clearest(x, y));
    const models = modelsOf(data, x);
    $("models-label").hidden = data.between ?? false; // one model less another, of differences, says nothing more
    if (!data.between) fillChoices($("models"), models.flatMap((a, i) => models.slice(i + 1).filter((b) => this.share(x, a, b)).map((b) => [JSON.stringify([a, b]), `${shownModel(data, a)} minus ${shownModel(data, b)}`])));
    this.drawCurves();
  }

  // share says whether two models have a layer of the same name.
  share(x, a, b) {
    const of = (model) => x.filter((id) => this.data.layers[id].model === model).map((id) => this.data.layers[id].layer);
    return of(a).some((layer) => of(b).includes(layer));
  }

  // clearest is the layer of y with the highest value between models, else of all.
  clearest(x, y) {
    const model = (id) => this.data.layers[id].model;
    let best = null;
    for (const b of y) for (const a of x) {
      const { value } = this.group.cell(a, b), between = model(a) !== model(b);
      if (value != null && a !== b && (!best || (between && !best.between) || (between === best.between && value > best.value))) best = { y: b, value, between };
    }
    return best?.y ?? y[0];
  }

  drawCurves() {
    const y = Number($("against").value), { data, group } = this;
    const against = `against ${layerName(data, y)}`;
    $("against-label").hidden = this.view.y.length < 2;
    this.curves.show({ data, title: `${group.label} ${against}`, ...curvesOf(this.view, y) });
    const pair = $("models").value && JSON.parse($("models").value);
    $("minus-pane").hidden = !pair;
    if (!pair) return;
    const minus = minusOf(this.view, y, ...pair);
    this.minus.show({ data, title: `Difference of ${group.label}, ${against}`, ...minus });
  }

  // mark shows a cell that was chosen elsewhere; the curves go to its layer of y.
  mark(cell, from) {
    if (cell.group !== this.group) return;
    const y = String(cell.y);
    if (from === this.map && $("against").value !== y && this.view.y.includes(cell.y)) {
      $("against").value = y;
      this.drawCurves();
    }
    for (const view of this.views) if (view !== from) view.mark(cell);
  }

  draw() { for (const view of this.views) view.draw(); }

  resize() {
    if (this.width === $("explore").clientWidth) return;
    this.width = $("explore").clientWidth;
    this.draw();
  }

  // note writes the view into the address, and restore takes it from there.
  note(cell = this.noted) {
    this.noted = cell;
    const some = (fieldset, all) => { const on = ticked(fieldset); return on.size && on.size < all.length ? JSON.stringify([...on]) : ""; };
    const unless = (id, usual) => ($(id).value === usual ? "" : $(id).value), first = (id) => $(id).options[0].value;
    writeAddress({
      measure: groupKey(this.group), x: some($("x-models"), modelsOf(this.data, this.group.x)), y: some($("y-models"), modelsOf(this.data, this.group.y)),
      against: this.view.y.length > 1 ? layerKey(this.data, Number($("against").value)) : "", models: $("models").value,
      colours: unless("colours", first("colours")), scale: unless("scale", "shown"), show: unless("cell-state", ""), words: $("cell-words").value,
      cell: cell ? JSON.stringify([groupKey(cell.group), layerKey(this.data, cell.x), layerKey(this.data, cell.y)]) : "",
    });
  }

  // restore returns the cell whose pair was open, if any.
  restore(params) {
    const at = this.groups.findIndex((g) => groupKey(g) === params.get("measure"));
    if (at < 0) return null;
    const set = (id, value) => { if ([...$(id).options].some((o) => o.value === value)) $(id).value = value; };
    const list = (text) => { try { return JSON.parse(text); } catch { return null; } };
    $("measure").value = at;
    set("colours", params.get("colours") ?? $("colours").options[0].value);
    set("scale", params.get("scale") ?? "shown");
    set("cell-state", params.get("show") ?? "");
    $("cell-words").value = params.get("words") ?? "";
    this.choose();
    for (const side of ["x", "y"]) {
      const models = list(params.get(side));
      if (Array.isArray(models)) for (const input of $(`${side}-models`).querySelectorAll("input")) input.checked = models.includes(input.value);
    }
    this.show();
    set("against", String(layerWithKey(this.data, params.get("against"))));
    set("models", params.get("models"));
    this.drawCurves();
    const cell = list(params.get("cell"));
    if (!Array.isArray(cell)) return null;
    const group = this.groups.find((g) => groupKey(g) === cell[0]), [x, y] = [1, 2].map((k) => layerWithKey(this.data, cell[k]));
    if (!group || x < 0 || y < 0) return null;
    const found = group.cell(x, y);
    return found.state === "absent" ? null : found;
  }
}

// startNavigation marks the section that is being read.
function startNavigation() {
  const links = new Map([...document.querySelectorAll("nav a")].map((a) => [a.hash.slice(1), a]));
  const watch = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) links.get(target.id)?.toggleAttribute("data-seen", isIntersecting);
    const first = [...links.values()].find((a) => a.hasAttribute("data-seen"));
    for (const a of links.values()) a === first ? a.setAttribute("aria-current", "true") : a.removeAttribute("aria-current");
  }, { rootMargin: "-10% 0px -60% 0px" });
  for (const section of document.querySelectorAll("main > section")) watch.observe(section);
}

async function start() {
  const data = await readData();
  const groups = data.groups.map((raw, i) => new Group(raw, data, i));
  startNavigation();
  if (!groups.length) {
    startTheme(() => {});
    document.documentElement.dataset.ready = "yes";
    return;
  }
  const views = [];
  const speech = new SpeechView(data, groups);
  const pair = new PairView(data, groups, speech);
  const open = (cell) => { explorer.note(cell); pair.open(cell); };
  const choose = (cell, from) => { for (const view of views) if (view !== from) view.mark(cell, from); };
  const links = { open, choose };
  const explorer = new Explorer(data, groups, links);
  pair.closed = () => explorer.note(null);
  const table = new CellTable(groups, links, () => explorer.note());
  const pictures = [...document.querySelectorAll("#figures figure .paper")].map((root, i) => new LivePicture(root, data.pictures[i], data, groups, links));
  views.push(explorer, table, ...pictures);
  startAnswers(data, groups, open, speech);
  $("cells").hidden = false;
  for (const item of document.querySelectorAll("[data-script]")) item.hidden = false;
  startTheme(() => explorer.draw());
  const restore = () => {
    const params = readAddress();
    if (!params) return;
    const cell = explorer.restore(params);
    table.filter();
    $("explore").scrollIntoView();
    if (cell) open(cell);
  };
  addEventListener("hashchange", restore);
  restore();
  window.speechsimMap = explorer.map; // for a reader's own scripts, and for the tests
  window.speechsim = { explorer, table, pictures };
  document.documentElement.dataset.ready = "yes";
  performance.mark("ready");
}

try {
  await start();
} catch (error) {
  $("trouble").hidden = false;
  $("trouble").textContent = `The interactive part could not start (${error.message}). It needs a browser of 2023 or later. The summary, the figures and the table by pairs of models are complete without it.`;
}
