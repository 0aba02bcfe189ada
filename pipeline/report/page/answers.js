// The numbers behind the answers: each opens the view of its layer pair.

function startAnswers(data, groups, open, speech) {
  const layer = (model, name) => data.layers.findIndex((l) => l.model === model && l.layer === name);
  for (const article of document.querySelectorAll("#answers article")) {
    let heard; // the first pair of layers with speech that a sentence rests on
    for (const place of article.querySelectorAll("td[data-x]")) {
      const { comparison, measure, x, xLayer, y, yLayer } = place.dataset;
      const group = groups.find((g) => g.comparison === comparison && g.label === measure);
      const cell = group?.cell(layer(x, xLayer), layer(y, yLayer));
      if (!cell || cell.state === "absent") continue;
      place.replaceChildren(make("button", { type: "button", onclick: () => open(cell) }, place.textContent));
      heard ??= speech.behind(cell);
    }
    if (heard) {
      const what = `Hear what carries the value of ${layerName(data, heard.x)}`;
      article.append(make("p", { class: "about" }, make("a", { href: "#speech", onclick: () => speech.choose(heard) }, what)));
    }
  }
  // A link to a number shows the table that has it.
  document.getElementById("answers")?.addEventListener("click", (event) => {
    const target = event.target.closest("a[href^='#answer-']")?.hash.slice(1);
    const closed = target && document.getElementById(target)?.closest("details");
    if (closed) closed.open = true;
  });
}
