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
function fillModels(fieldset, models, change) {
  for (const label of fieldset.querySelectorAll("label")) label.remove();
  for (const model of models) {
    fieldset.append(make("label", {}, make("input", { type: "checkbox", value: model, checked: true, onchange: change }), model));
  }
}

const ticked = (fieldset) => new Set([...fieldset.querySelectorAll("input:checked")].map((input) => input.value));

function startMap(data, groups, pair) {
  const map = new HeatMap((cell) => pair.open(cell));
  const show = () => {
    const group = groups[$("measure").value];
    const pick = (layers, fieldset) => {
      const models = ticked(fieldset);
      const list = layers.filter((id) => models.has(data.layers[id].model));
      return list.length ? list : layers; // none ticked: all are shown
    };
    map.show({ data, group, x: pick(group.x, $("x-models")), y: pick(group.y, $("y-models")), map: readMap(data.maps[$("colours").value]), scale: $("scale").value });
  };
  const choose = () => {
    const group = groups[$("measure").value];
    fillModels($("x-models"), modelsOf(data, group.x), show);
    fillModels($("y-models"), modelsOf(data, group.y), show);
    show();
  };
  groups.forEach((group, i) => $("measure").append(make("option", { value: i }, group.name)));
  $("measure").addEventListener("change", choose);
  $("colours").addEventListener("change", show);
  $("scale").addEventListener("change", show);
  $("save-svg").addEventListener("click", () => map.saveSVG());
  $("save-png").addEventListener("click", () => map.savePNG());
  $("save-csv").addEventListener("click", () => map.saveCSV());
  $("explore").hidden = false;
  choose();
  let width = 0;
  new ResizeObserver(() => {
    if ($("map-scroll").clientWidth === width) return;
    width = $("map-scroll").clientWidth;
    map.draw();
  }).observe($("map-scroll"));
  return map;
}

async function start() {
  const data = await readData();
  const groups = data.groups.map((raw, i) => new Group(raw, data, i));
  if (!groups.length) return startTheme(() => {});
  const pair = new PairView(data, groups);
  const map = startMap(data, groups, pair);
  new CellTable(groups, (cell) => pair.open(cell));
  startAnswers(data, groups, (cell) => pair.open(cell));
  $("cells").hidden = false;
  for (const item of document.querySelectorAll("[data-script]")) item.hidden = false;
  startTheme(() => map.draw());
  window.speechsimMap = map; // for a reader's own scripts, and for the tests
  document.documentElement.dataset.ready = "yes";
  performance.mark("ready");
}

try {
  await start();
} catch (error) {
  $("trouble").hidden = false;
  $("trouble").textContent = `The interactive part could not start (${error.message}). It needs a browser of 2023 or later. The summary, the figures and the table by pairs of models are complete without it.`;
}
