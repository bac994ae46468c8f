// Elements. Text only ever becomes a text node or an attribute's value: nothing of a log is read as HTML.

function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null));
  return node;
}

function address(parts, query = {}) {
  const told = new URLSearchParams(Object.entries(query).filter(([, value]) => value));
  const path = parts.map(encodeURIComponent).join("/");
  return `#/${path}${told.size ? `?${told}` : ""}`;
}

function link(text, parts, query) {
  return el("a", { href: address(parts, query) }, breakable(text));
}

// A cell: what it shows, and what it is sorted by.
function cell(shown, sort = shown, kind = "") {
  return { shown, sort, kind };
}

function number(value, digits = 0) {
  const shown = value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return cell(shown, value, "number");
}

function score(row) {
  if (!row || row.mean === null) return cell("");
  const left = 100 * Math.max(0, row.low), right = 100 * Math.min(1, row.high);
  const bar = svg("svg", { class: "bar", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { class: "line", y: 3, width: 100, height: 2 }),
    svg("rect", { class: "span", x: left, y: 1, width: Math.max(right - left, 0.5), height: 6 }),
    svg("rect", { class: "dot", x: Math.min(Math.max(100 * row.mean - 0.75, 0), 98.5), width: 1.5, height: 8 }));
  const told = el("span", { class: "v" }, row.mean.toFixed(2), " ", el("small", {}, `${row.low.toFixed(2)}–${row.high.toFixed(2)}`),
    row.flaw ? " †" : "");
  return cell([told, bar], row.mean);
}

function signed(value) {
  return (value < 0 ? "−" : "+") + Math.abs(value).toFixed(3);
}

// Shown better or worse in colour and in words: colour alone says nothing to many.
function change(row) {
  if (!row || row.diff === null) return cell("");
  const fate = row.low > 0 ? "better" : row.high < 0 ? "worse" : "";
  const told = el("span", { class: `v ${fate}` }, signed(row.diff), " ", el("small", {}, `${signed(row.low)} … ${signed(row.high)}`));
  return cell([told, fate ? el("small", { class: fate }, ` ${fate}`) : ""], row.diff);
}

// heads: texts; rows: lists of cells, of which the first names the row.
function table(caption, heads, rows) {
  const kinds = heads.map((_, at) => (rows.length && rows.every((cells) => cells[at].kind === "number") ? "number" : ""));
  const body = el("tbody", {}, rows.map((cells) => el("tr", {}, cells.map(({ shown, sort }, at) =>
    el(at ? "td" : "th", { scope: at ? undefined : "row", class: kinds[at] || undefined, "data-sort": sort }, typeof shown === "string" ? breakable(shown) : shown)))));
  const head = el("tr", {}, heads.map((text, at) => el("th", { scope: "col", class: kinds[at] || undefined }, breakable(text))));
  const whole = el("table", {}, el("caption", {}, caption), el("thead", {}, head), body);
  sortable(whole);
  return el("div", { class: "wide", role: "region", "aria-label": caption, tabindex: 0 }, whole);
}

// A long name, which may be broken at its joints.
function breakable(text) {
  return text.split(/(?<=[/_=])/).flatMap((part) => [el("wbr"), part]).slice(1);
}

function sortable(whole, sorted = () => {}) {
  for (const head of whole.querySelectorAll("thead th")) {
    const button = el("button", { type: "button" }, ...head.childNodes);
    button.addEventListener("click", () => {
      // The first click shows the largest first, and of names the first.
      const sort = head.getAttribute("aria-sort");
      const down = sort ? sort === "ascending" : head.cellIndex > 0;
      sortBy(whole, head.cellIndex, down);
      sorted(head.cellIndex, down);
    });
    head.append(button);
  }
}

function sortBy(whole, column, down) {
  for (const head of whole.querySelectorAll("thead th")) head.removeAttribute("aria-sort");
  whole.querySelectorAll("thead th")[column].setAttribute("aria-sort", down ? "descending" : "ascending");
  const value = (row) => row.cells[column].dataset.sort ?? row.cells[column].textContent;
  const rows = [...whole.tBodies[0].rows].map((row) => ({ row, value: value(row) }));
  // What has no value stays below, whichever way it is sorted.
  rows.sort((a, b) => (a.value === "") - (b.value === "") || (down ? -1 : 1) * compare(a.value, b.value));
  whole.tBodies[0].append(...rows.map(({ row }) => row));
}

function compare(a, b) {
  const numbers = [Number(a), Number(b)];
  return a !== "" && b !== "" && numbers.every(Number.isFinite) ? numbers[0] - numbers[1] : byWords(a, b);
}

function choice(label, name, options, chosen, changed) {
  const found = el("select", { name, onchange: (event) => changed(event.target.value) },
    options.map(([value, text]) => el("option", { value, selected: value === chosen }, text)));
  return el("label", {}, label, " ", found);
}

function pairs(list) {
  return el("dl", {}, list.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

// A drawing of aj/curves.py: [tag, attributes, ...children].
function drawing([tag, attributes, ...children]) {
  return svg(tag, attributes, ...children.map((child) => (Array.isArray(child) ? drawing(child) : child)));
}

// The little Markdown that a data card is written in: headings, lists, tables, paragraphs. Pictures lie beside the card.
function markdown(text) {
  return text.split(/\n{2,}/).filter((part) => part.trim() && !part.startsWith("![")).map((part) => {
    const lines = part.trim().split("\n");
    const heading = /^(#+) (.*)/.exec(lines[0]);
    if (heading) return el("h3", {}, heading[2]);
    if (lines[0].startsWith("|")) return sheet(lines.map((line) => line.slice(1, line.lastIndexOf("|")).split("|").map((one) => one.trim())));
    if (lines[0].startsWith("- ")) return el("ul", {}, lines.map((line) => el("li", {}, line.slice(2))));
    return el("p", {}, lines.join(" "));
  });
}

function sheet([heads, , ...rows]) {
  return table("Of the data card", heads, rows.map((cells) => cells.map((text) => cell(text, text.replaceAll(",", "")))));
}
