#!/usr/bin/env bash
# inspect-ai 0.3.285, seen 2026-11-28: `score(log, scorer, action="append")` names the added score sample by sample.
#
# Guess: in a log of scorer `judge`, appending another `judge` adds it as `judge1` on every sample.
# Seen:  it is `judge1` where the sample has a `judge` already, and `judge` where it has none, as a sample that ended in
#        an error. One column of samples_df then holds the scores of two scorers; results.scores lists both as `judge`.
# What the product does: it re-scores with action="overwrite", and every Score names its grader.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install inspect-ai==0.3.285
cat > "$work/run.py" <<'PY'
from inspect_ai import Task, eval, score
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver


@solver
def one_fails() -> Solver:
    async def solve(state: TaskState, generate: Generate) -> TaskState:
        if state.sample_id == "fails":
            raise RuntimeError("the machine broke")
        state.output = ModelOutput.from_content("none", "x")
        return state

    return solve


def judge(value: float, by: str) -> Scorer:
    @scorer(metrics=[mean()], name="judge")
    def made() -> Scorer:
        async def grade(state: TaskState, target: Target) -> Score:
            return Score(value=value, metadata={"by": by})

        return grade

    return made()


task = Task(dataset=[Sample(id="works", input="?"), Sample(id="fails", input="?")], solver=one_fails(),
            scorer=judge(1.0, "first"), fail_on_error=False)
(log,) = eval(task, model="mockllm/model", log_dir="logs", display="none")
again = score(log, judge(0.0, "second"), action="append", display="none")
for sample in sorted(again.samples, key=lambda sample: str(sample.id)):
    print(sample.id, {name: one.metadata["by"] for name, one in (sample.scores or {}).items()})
for one in again.results.scores:
    print(one.name, one.metrics["mean"].value)
PY
cd "$work"
"$work/venv/bin/python" run.py > seen
diff - seen <<'SEEN' && echo "as seen on 2026-11-28 with inspect-ai 0.3.285"
fails {'judge': 'second'}
works {'judge': 'first', 'judge1': 'second'}
judge 1.0
judge 0.0
SEEN
