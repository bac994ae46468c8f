// Single samples: the list of a model's failures, and the page of one sample.

const SHOWN = 50;

async function failingSamples(board, model, query) {
  const [scores, talks] = await Promise.all([block("scores"), talkIndex()]);
  const name = board.models[model].name;
  const tasks = Object.keys(scores).filter((task) => scores[task].models[model]);
  const failures = tasks.flatMap((task) => failuresOf(board, scores[task], task, model));
  const found = failures.filter((one) => (!query.task || one.task === query.task) && (!query.code || one.code === query.code)
    && (!query.slice || one.slices.includes(query.slice)));
  const set = (more) => go(["model", name], { ...query, ...more });
  const any = (values) => [["", "all"], ...unique(values).filter(Boolean).sort(byWords).map((value) => [value, value])];
  const inTask = failures.filter((one) => !query.task || one.task === query.task);
  const controls = el("div", { class: "controls" },
    choice("Task", "task", any(failures.map((one) => one.task)), query.task ?? "", (value) => set({ task: value, code: "", slice: "" })),
    choice("Failure code", "code", any(inTask.map((one) => one.code)), query.code ?? "", (value) => set({ code: value })),
    choice("Slice", "slice", any(inTask.flatMap((one) => one.slices)), query.slice ?? "", (value) => set({ slice: value })));
  const rows = found.map((one) => {
    const talk = talks.get(`${model} ${one.task} ${one.id}`);
    return [cell(link(one.id, ["sample", one.task, one.id, name]), one.id), cell(one.task), cell(one.code),
      cell(one.values), cell(talk ? short(talk.request) : "")];
  });
  const heads = ["sample", "task", "code", "scores below 1", "request"];
  const shown = table(`${found.length} failing samples`, heads, rows.slice(0, SHOWN));
  const more = rows.length > SHOWN
    ? el("button", { type: "button", class: "more", onclick: () => list.replaceChildren(table(`${found.length} failing samples`, heads, rows)) },
      `Show all ${rows.length}`) : null;
  const list = el("div", {}, shown, more);
  const left = (await block("talks")).left_out;
  return [controls, list, el("p", { class: "note" }, left
    ? `The conversations of ${left.toLocaleString("en")} failing samples, of all models together, are left out of this page for its size: \`inspect view\` shows them.`
    : "The page holds the conversation of every failing sample.")];
}

function failuresOf(board, task, name, model) {
  const column = task.models[model];
  const metrics = Object.entries(column.values);
  const headline = metrics.filter(([metric]) => board.heads.includes(`${name}/${metric}`));
  return task.ids.flatMap((id, at) => {
    const fails = column.codes[at] || headline.some(([, values]) => values[at] !== null && values[at] < 1);
    if (!fails) return [];
    const below = metrics.filter(([, values]) => values[at] !== null && values[at] < 1).map(([metric, values]) => `${metric} ${values[at]}`);
    return [{ id, task: name, code: task.codes[column.codes[at] - 1] ?? "", slices: task.slices[at], values: below.join(", ") }];
  });
}

let talkPlaces;

async function talkIndex() {
  const talks = await block("talks");
  talkPlaces ??= new Map(talks.talks.map((talk) => [`${talk.model} ${talk.task} ${talk.id}`, talk]));
  return talkPlaces;
}

function short(text) {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > 120 ? `${line.slice(0, 120)}…` : line;
}

async function samplePage(board, [task, id, name]) {
  const scores = (await block("scores"))[task];
  const at = scores ? scores.ids.indexOf(id) : -1;
  const model = board.models.findIndex((one) => one.name === name);
  if (at < 0 || model < 0) return missing(`This board has no sample ${id} of ${task} for ${name}.`);
  const { texts } = await block("talks");
  const index = await talkIndex();
  const told = (place) => index.get(`${place} ${task} ${id}`);
  const own = told(model), rival = board.models[model].rival, other = rival === null ? undefined : told(rival);
  const side = (title, talk) => el("section", {}, el("h2", {}, title), talkNodes(talk, texts));
  return [
    `${task} ${id}`,
    el("p", {}, link(name, ["model", name], { task }), scores.slices[at].length ? ` · ${scores.slices[at].join(", ")}` : ""),
    pairs(commands(board.models[model], id)),
    own ? el("div", { class: "columns" }, side(name, own), other ? side(board.models[rival].name, other) : null)
      : el("p", {}, "The conversation is not in this page: ", el("code", {}, "inspect view"), " shows it."),
    el("h2", {}, "What each model scored"),
    everyModel(board, scores, at, task, id, index),
  ];
}

// What to type to see more of a sample.
function commands(model, id) {
  const logs = model.facts.find(([name]) => name === "logs");
  const trained = model.run && model.run !== "base";
  return [
    ["the whole log", `inspect view start --log-dir ${logs[1]}`],
    ...(trained ? [["what it was taught", `aj why ${id} ${model.run}`]] : []),
  ].map(([name, line]) => [name, el("code", {}, line)]);
}

function talkNodes(talk, texts) {
  return [
    talk.error ? [el("h3", {}, "Error"), el("pre", {}, talk.error)] : null,
    talk.findings.length ? [el("h3", {}, "Findings"), el("ul", {}, talk.findings.map(([code, why, fix]) =>
      el("li", {}, el("strong", {}, code), why ? `: ${why}` : "", fix ? el("small", {}, ` Fix: ${fix}`) : "")))]
      : talk.explained ? [el("h3", {}, "The scorer says"), el("pre", {}, talk.explained)] : null,
    talk.changed.length ? [el("h3", {}, "What changed on the fleet"), table("Before and after", ["what", "before", "after"],
      talk.changed.map((parts) => parts.map((part) => cell(part))))] : null,
    el("h3", {}, talk.epochs > 1 ? `Conversation, epoch ${talk.epoch} of ${talk.epochs}` : "Conversation"),
    talk.turns.map(([role, place]) => turn(role, texts[place])),
  ];
}

function turn(role, text) {
  const shown = el("pre", {}, text || "(nothing)");
  const body = role === "system" ? el("details", {}, el("summary", {}, "System prompt"), shown) : shown;
  return el("div", { class: `turn ${role === "assistant" ? "assistant" : ""}` }, role === "system" ? null : el("h4", {}, role), body);
}

function everyModel(board, scores, at, task, id, index) {
  const metrics = unique(Object.values(scores.models).flatMap((column) => Object.keys(column.values)));
  const rows = Object.entries(scores.models).map(([place, column]) => {
    const name = board.models[place].name;
    return [
      cell(index.has(`${place} ${task} ${id}`) ? link(name, ["sample", task, id, name]) : link(name, ["model", name]), name),
      ...metrics.map((metric) => {
        const value = column.values[metric]?.[at] ?? null;
        return value === null ? cell("") : cell(`${value}`, value, "number");
      }),
      cell(scores.codes[column.codes[at] - 1] ?? ""),
    ];
  });
  return table(`${task} ${id}, model by model`, ["model", ...metrics, "code"], rows);
}
