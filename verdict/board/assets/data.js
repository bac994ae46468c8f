"use strict";

// The page's data: JSON, compressed, in script elements of a type that no browser runs. Each is read when first needed.

const blocks = {};

function block(name) {
  blocks[name] ??= unpack(document.getElementById(name).textContent);
  return blocks[name];
}

async function unpack(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place++) bytes[place] = text.charCodeAt(place);
  const json = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(json).text());
}

// Columns, as the page holds them, to one object a row.
function rowsOf(table, ...names) {
  const columns = table.columns.map((one) => one.numbers ?? one.texts.map((place) => table.texts[place]));
  const count = columns.length ? columns[0].length : 0;
  return Array.from({ length: count }, (_, row) => Object.fromEntries(names.map((name, at) => [name, columns[at][row]])));
}

async function readBoard() {
  const told = await block("summary");
  return {
    ...told,
    rows: rowsOf(told.rows, "model", "metric", "slice", "mean", "low", "high", "n", "flaw"),
    differences: rowsOf(told.differences, "model", "metric", "slice", "diff", "low", "high", "n"),
    codes: rowsOf(told.codes, "model", "task", "code", "count"),
    ranks: ranks(told.rows),
  };
}

// Metric and slice in the order in which the board ranks them.
function ranks(table) {
  return { metrics: unique(rowsOf(table, "model", "metric").map((row) => row.metric)) };
}

function unique(values) {
  return [...new Set(values)];
}

const ALL = "all";

// "pattern=lost_context" -> "pattern"
function property(slice) {
  return slice === ALL ? ALL : slice.slice(0, slice.indexOf("="));
}

// Task of a metric as the board writes it: a task's name holds no slash.
function taskOf(metric) {
  return metric.slice(0, metric.indexOf("/"));
}

const byWords = new Intl.Collator("en", { numeric: true }).compare;
