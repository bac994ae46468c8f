// The ranking's filter, and the addresses: #/page/argument?name=value leads to the same view again.

const PAGES = { slices: slicesPage, codes: codesPage, cost: costPage, champions: championsPage, model: modelPage, sample: samplePage };
const ranking = document.getElementById("ranking");
const ranked = ranking.querySelector("table");
const filter = ranking.querySelector("form");

function go(parts, query) {
  location.hash = address(parts, query);
}

function whereWeAre() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  try {
    return { parts: path.split("/").map(decodeURIComponent), query: Object.fromEntries(new URLSearchParams(query)) };
  } catch {
    return { parts: [""], query: {} }; // a broken address leads to the ranking
  }
}

let last = location.hash.startsWith("#/") ? undefined : "";

async function show(board) {
  if (location.hash && !location.hash.startsWith("#/")) return;
  const { parts: [name, ...args], query } = whereWeAre();
  const draw = Object.hasOwn(PAGES, name) ? PAGES[name] : undefined;
  const page = document.getElementById("page");
  ranking.hidden = Boolean(draw);
  page.hidden = !draw;
  for (const one of document.querySelectorAll("nav a")) {
    if (one.getAttribute("href") === `#/${draw ? name : ""}`) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  }
  if (draw) {
    const here = location.hash, focused = document.activeElement?.closest(".controls") ? document.activeElement.name : "";
    const [title, ...nodes] = await draw(board, args, query);
    if (here !== location.hash) return; // another page was asked for meanwhile
    page.replaceChildren();
    fill(page, {}, [el("h1", { tabindex: -1 }, title), nodes]);
    document.title = `${title} · Board`;
    if (focused) page.querySelector(`[name="${focused}"]`)?.focus();
    else arrive(page, [name, ...args].join("/"));
  } else {
    document.title = "Board";
    narrow(query);
    arrive(ranking, "");
  }
}

// A new page begins at its heading, or where its address points to, for readers of the screen too.
function arrive(section, place) {
  if (last === place) return;
  last = place;
  const start = section.querySelector("[data-start]");
  window.scrollTo(0, 0);
  (start ?? section.querySelector("h1")).focus({ preventScroll: true });
  start?.scrollIntoView();
}

function narrow({ q = "", suite = "", sort = "", up = "" }) {
  if (document.activeElement !== filter.elements.q) filter.elements.q.value = q;
  filter.elements.suite.value = suite;
  const wanted = q.trim().toLowerCase();
  let count = 0;
  for (const row of ranked.tBodies[0].rows) {
    const [inSuite, dataset] = [...row.cells].slice(-3).map((one) => one.textContent);
    const told = `${row.querySelector(".name").textContent} ${dataset}`.toLowerCase();
    row.hidden = !told.includes(wanted) || Boolean(suite && inSuite !== suite);
    count += !row.hidden;
  }
  const column = [...ranked.querySelectorAll("thead th")].findIndex((head) => head.textContent === sort);
  if (column >= 0) sortBy(ranked, column, !up);
  document.getElementById("status").textContent = q || suite ? `${count} of ${ranked.tBodies[0].rows.length} models` : "";
}

// What is typed or sorted goes into the address, without a step in the browser's history for every letter.
function keep(more) {
  const query = { ...whereWeAre().query, ...more };
  history.replaceState(null, "", address([], query));
  narrow(query);
}

function prepare(board) {
  for (const row of ranked.tBodies[0].rows) {
    const name = row.querySelector(".name");
    name.replaceChildren(link(name.textContent, ["model", board.models[row.dataset.place].name]));
  }
  sortable(ranked, (column, down) => keep({ sort: ranked.querySelectorAll("thead th")[column].textContent, up: down ? "" : "yes" }));
  filter.addEventListener("input", () => keep({ q: filter.elements.q.value, suite: filter.elements.suite.value }));
  filter.addEventListener("submit", (event) => event.preventDefault());
  filter.hidden = document.querySelector("nav").hidden = false;
  const skip = document.querySelector(".skip");
  skip.addEventListener("click", (event) => {
    event.preventDefault();
    document.getElementById("main").focus();
  });
}

if (typeof DecompressionStream === "undefined") {
  document.getElementById("status").textContent = "This browser is too old to show more than the ranking.";
} else {
  readBoard().then((board) => {
    prepare(board);
    window.addEventListener("hashchange", () => show(board));
    return show(board);
  });
}
