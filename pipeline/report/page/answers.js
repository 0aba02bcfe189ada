// The numbers behind the answers: each opens the view of its layer pair.

function startAnswers(data, groups, open, speech) {
  for (const article of document.querySelectorAll("#answers article")) {
    const pair = speech.first(article.dataset.comparison);
    if (pair) article.append(make("p", { class: "about" }, make("a", { href: "#speech", onclick: () => speech.choose(pair) }, "Hear what carries these values")));
  }
  for (const place of document.querySelectorAll("#answers td[data-x]")) {
    const { comparison, measure, x, xLayer, y, yLayer } = place.dataset;
    const layer = (model, name) => data.layers.findIndex((l) => l.model === model && l.layer === name);
    const group = groups.find((g) => g.comparison === comparison && g.label === measure);
    const cell = group?.cell(layer(x, xLayer), layer(y, yLayer));
    if (!cell || cell.state === "absent") continue;
    place.replaceChildren(make("button", { type: "button", onclick: () => open(cell) }, place.textContent));
  }
  // A link to a number shows the table that has it.
  document.getElementById("answers")?.addEventListener("click", (event) => {
    const target = event.target.closest("a[href^='#answer-']")?.hash.slice(1);
    const closed = target && document.getElementById(target)?.closest("details");
    if (closed) closed.open = true;
  });
}
