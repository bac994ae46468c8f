#!/usr/bin/env bash
# inspect-ai 0.3.285, seen 2026-11-28: a re-scored copy beside its log makes the next eval_set delete the original.
#
# Guess: `eval_set` over a folder that holds a finished log and the copy that `inspect score` wrote beside it leaves both.
# Seen:  the copy has the original's task id, counts as its retry, and the original is deleted (retry_cleanup is on by
#        default). The scores it returns are the copy's; those of the first scorer are gone.
# What the product does: `aj rescore` writes into a folder of its own.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install inspect-ai==0.3.285
cat > "$work/run.py" <<'PY'
from pathlib import Path

from inspect_ai import Task, eval_set, score, task
from inspect_ai.dataset import Sample
from inspect_ai.log import read_eval_log, write_eval_log
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver


@solver
def answers() -> Solver:
    async def solve(state: TaskState, generate: Generate) -> TaskState:
        state.output = ModelOutput.from_content("none", "x")
        return state

    return solve


def judge(value: float) -> Scorer:
    @scorer(metrics=[mean()], name="judge")
    def made() -> Scorer:
        async def grade(state: TaskState, target: Target) -> Score:
            return Score(value=value)

        return grade

    return made()


@task
def one() -> Task:
    return Task(dataset=[Sample(id="1", input="?")], solver=answers(), scorer=judge(1.0))


def run() -> float:
    _, (log,) = eval_set([one()], log_dir="logs", model="mockllm/model", display="none")
    return log.results.scores[0].metrics["mean"].value


print("first", run())
(original,) = Path("logs").glob("*.eval")
copy = original.with_name(f"{original.stem}-scored.eval")
write_eval_log(score(read_eval_log(str(original)), judge(0.0), action="overwrite", display="none"), str(copy))
print("again", run())
print("original", original.exists(), "copy", copy.exists())
PY
cd "$work"
"$work/venv/bin/python" run.py > seen
diff - seen <<'SEEN' && echo "as seen on 2026-11-28 with inspect-ai 0.3.285"
first 1.0
again 0.0
original False copy True
SEEN
