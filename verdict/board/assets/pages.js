// The pages that compare models. Each is a function of the board and the address, and returns its heading and its nodes.

function slicesPage(board, _, query) {
  const metrics = board.ranks.metrics;
  const metric = metrics.includes(query.metric) ? query.metric : board.heads[0] ?? metrics[0];
  const here = board.rows.filter((row) => row.metric === metric);
  const kinds = unique(here.map((row) => property(row.slice))).filter((name) => name !== ALL);
  const by = kinds.includes(query.by) ? query.by : kinds[0] ?? ALL;
  const show = query.show === "difference" ? "difference" : "score";
  const set = (more) => go(["slices"], { ...query, metric, by, show, ...more });
  const controls = el("div", { class: "controls" },
    choice("Metric", "metric", metrics.map((name) => [name, name]), metric, (value) => set({ metric: value, by: "" })),
    choice("By", "by", (kinds.length ? kinds : [ALL]).map((name) => [name, name]), by, (value) => set({ by: value })),
    choice("Show", "show", [["score", "score, 95% interval"], ["difference", "difference, paired"]], show, (value) => set({ show: value })));
  const slices = [ALL, ...unique(here.map((row) => row.slice)).filter((name) => name !== ALL && property(name) === by)];
  const source = show === "score" ? here : board.differences.filter((row) => row.metric === metric);
  const found = new Map(source.map((row) => [`${row.model} ${row.slice}`, row]));
  const models = board.models.map((model, place) => ({ model, place })).filter(({ place }) => here.some((row) => row.model === place));
  const rows = models.map(({ model, place }) => [
    cell([link(model.name, ["model", model.name]), show === "difference" && model.rival !== null ? el("small", {}, ` against ${board.models[model.rival].name}`) : ""], model.name),
    ...slices.map((slice) => sliceCell(show, found.get(`${place} ${slice}`), model, metric, slice)),
  ]);
  const heads = ["model", ...slices.map((slice) => (slice === ALL ? "all samples" : slice.slice(by.length + 1)))];
  return ["Slices", controls, el("p", {}, explained(show)), table(`${metric} by ${by}`, heads, rows)];
}

function explained(show) {
  return show === "score"
    ? "Scores with 95% intervals, and the number of samples: it leads to the samples that failed."
    : "Sample by sample, against the champion; the champion against the base, or else the best other model. Better or worse is said where the 95% interval leaves out zero.";
}

function sliceCell(show, row, model, metric, slice) {
  if (!row) return cell("");
  const made = show === "score" ? score(row) : change(row);
  const samples = link(`${row.n} samples`, ["model", model.name], { task: taskOf(metric), slice: slice === ALL ? "" : slice });
  return cell([made.shown, el("small", {}, " ", samples)], made.sort);
}

function codesPage(board, _, query) {
  const tasks = unique(board.codes.map((row) => row.task));
  if (!tasks.length) return ["Failure codes", el("p", {}, "No log names a failure code.")];
  const task = tasks.includes(query.task) ? query.task : tasks[0];
  const here = board.codes.filter((row) => row.task === task);
  const codes = unique(here.map((row) => row.code)).sort(byWords);
  const found = new Map(here.map((row) => [`${row.model} ${row.code}`, row.count]));
  const rows = board.models.map((model, place) => [
    cell(link(model.name, ["model", model.name]), model.name),
    ...codes.map((code) => {
      const count = found.get(`${place} ${code}`) ?? 0;
      return cell(count ? link(`${count}`, ["model", model.name], { task, code }) : "0", count, "number");
    }),
  ]);
  const controls = el("div", { class: "controls" },
    choice("Task", "task", tasks.map((name) => [name, name]), task, (value) => go(["codes"], { task: value })));
  return ["Failure codes", controls, table(`Samples of ${task} that fail, by code`, ["model", ...codes], rows)];
}

function costPage(board) {
  const heads = ["model", "samples", "tokens read", "tokens written", "written per sample", "seconds per sample", "hours in all"];
  const rows = board.models.map((model) => [
    cell(link(model.name, ["model", model.name]), model.name),
    number(model.epochs), number(model.input), number(model.output),
    number(model.output / (model.epochs || 1)), number(model.seconds / (model.epochs || 1), 1), number(model.seconds / 3600, 2),
  ]);
  const told = "Samples count once for each epoch. Seconds are working time: samples that ran at once count each for itself, so compare only models that were served alike.";
  return ["Cost", el("p", {}, told), table("Tokens and time of each model", heads, rows)];
}

function championsPage(board) {
  if (!board.history.length) return ["Champions", el("p", {}, "Nothing has been promoted yet.")];
  const known = new Map(board.models.filter((model) => model.run).map((model) => [model.run, model]));
  const rows = board.history.map((event) => [
    cell(event.at), cell(event.event),
    cell(known.has(event.run) ? link(known.get(event.run).name, ["model", known.get(event.run).name]) : event.name),
    cell(event.run.slice(0, 6)),
    cell([event.verdict, event.forced ? el("span", { class: "badge bad" }, "forced") : ""], event.verdict), cell(event.reason),
  ]);
  const heads = ["at (UTC)", "event", "champion", "run", "verdict", "reason"];
  return ["Champions", table("Promotions and rollbacks, newest first", heads, rows)];
}

async function modelPage(board, [name], query) {
  const place = board.models.findIndex((model) => model.name === name);
  if (place < 0) return missing(`This board has no model ${name}.`);
  const model = board.models[place];
  const rows = board.rows.filter((row) => row.model === place);
  const rival = model.rival === null ? null : board.models[model.rival];
  const differences = new Map(board.differences.filter((row) => row.model === place).map((row) => [`${row.metric} ${row.slice}`, row]));
  const facts = [["suite", model.suite], ["data set", model.dataset], ["evaluated", `${model.created} UTC`], ...model.facts, ["errors", `${model.errors} samples`]];
  const codes = board.codes.filter((row) => row.model === place).sort((a, b) => b.count - a.count);
  const flaws = unique(rows.map((row) => row.flaw)).filter(Boolean);
  const filtered = Boolean(query.task || query.code || query.slice);
  return [
    model.name,
    model.champion ? el("p", {}, el("span", { class: "badge" }, "champion")) : null,
    flaws.length ? el("p", { class: "note" }, `† not ranked with the others: ${flaws.join("; ")}`) : null,
    pairs(facts.filter(([, value]) => value)),
    el("h2", {}, "Scores"),
    scoreTable(rows.filter((row) => row.slice === ALL), differences, rival, false),
    el("details", {}, el("summary", {}, "Every slice"), scoreTable(rows.filter((row) => row.slice !== ALL), differences, rival, true)),
    el("h2", {}, "Failure codes"),
    codes.length ? codeTable(name, codes.slice(0, COMMON)) : el("p", {}, "None."),
    codes.length > COMMON ? el("details", {}, el("summary", {}, `${codes.length - COMMON} rarer ones`), codeTable(name, codes.slice(COMMON))) : null,
    el("h2", {}, "Training"),
    el("div", { class: "columns" }, model.curves.map((one) => el("figure", {}, drawing(one)))),
    model.recipe ? el("details", {}, el("summary", {}, "Recipe"), el("pre", {}, model.recipe)) : null,
    model.card ? el("details", {}, el("summary", {}, "Data card"), markdown(model.card)) : null,
    model.recipe || model.card ? null : el("p", {}, "The run's folder is not where the board was made, or the model was not trained here."),
    el("h2", { tabindex: -1, "data-start": filtered }, "Failing samples"),
    await failingSamples(board, place, query),
  ];
}

const COMMON = 10;

function codeTable(name, codes) {
  return table("Samples that fail, by code", ["code", "task", "samples"], codes.map((row) => [
    cell(link(row.code, ["model", name], { task: row.task, code: row.code }), row.code), cell(row.task), number(row.count)]));
}

function scoreTable(rows, differences, rival, slices) {
  const heads = ["metric", ...(slices ? ["slice"] : []), "score", ...(rival ? [`difference to ${rival.name}`] : []), "samples"];
  return table("Scores with 95% intervals", heads, rows.map((row) => [
    cell(row.metric), ...(slices ? [cell(row.slice)] : []), score(row),
    ...(rival ? [change(differences.get(`${row.metric} ${row.slice}`))] : []), number(row.n)]));
}

function missing(told) {
  return ["Not found", el("p", {}, told), el("p", {}, link("To the ranking", []))];
}
