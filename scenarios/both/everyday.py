"""Everyday requests (`intents.yaml`) in conversations of one to four turns: most training rows and format samples."""

from aj.splits import Split
from scenarios.requests import ask, catalogue, talk
from scenarios.scenario import BuildScenario, Stage, Template, register

_EACH = ("disk", "load", "hostname", "memory", "service", "restart", "files", "log", "workspace", "count")
INTENTS: dict[Split, tuple[str, ...]] = {
    "train": (*_EACH, "disk", "load", "load", "hostname", "workspace", "count"),
    "eval": (
        "disk",
        "load",
        "hostname",
        "memory",
        "service",
        "restart",
        "files",
        "log",
        "load",
        "workspace",
        "count",
        "count",
    ),
}
"""The intents that requests are drawn from. A command for all hosts is needed most often, so intents that lead to one
occur more than once; when drawn as in the evals, only one training request in five went to the whole fleet, and the
model sent it to one host."""
TALK_FIRST = 0.3
"""Share of training conversations that open with small talk: without them the model took any earlier message for a
discovery."""
READING = ("disk", "load", "memory", "service", "files", "log")
BEFORE = ("count", "disk", "load")
"""Intents asked first, so that the agents are known."""


def everyday(stage: Stage, intents: list[str], refer_back: bool = True) -> None:
    """Ask for `intents` in turn. A later turn may name a host by its position in the list ("on the second one") or,
    with `refer_back`, by the previous turn ("there too"), which a state block does not show."""
    before: str | None = None
    for number, intent in enumerate(intents):
        scope = stage.rng.choice(catalogue().intents[intent].scopes)
        if scope != "host":
            ask(stage, intent)
            before = None
        elif before and refer_back and stage.rng.random() < 0.3:
            ask(stage, intent, before, "again")
        else:
            place = "ordinal" if number and stage.rng.random() < 0.4 else "host"
            before = stage.pick()
            ask(stage, intent, before, place)


def _conversation(length: int) -> BuildScenario:
    def build(stage: Stage) -> None:
        if stage.split == "train" and stage.rng.random() < TALK_FIRST:
            for _ in range(stage.rng.randint(1, 2)):
                talk(stage)
        everyday(stage, stage.rng.choices(INTENTS[stage.split], k=length))

    return build


def _block(stage: Stage) -> None:
    """A single decision, usually after another request, made from a state block, which shows no earlier wording."""
    second = stage.rng.choice(INTENTS[stage.split])
    first = stage.rng.choice(BEFORE)
    everyday(stage, [first, second] if stage.rng.random() < 0.75 else [second], refer_back=False)


def _reading(stage: Stage) -> None:
    everyday(stage, [stage.rng.choice((*READING, "count"))])


def _remote(stage: Stage) -> None:
    everyday(stage, [stage.rng.choice((*READING, "restart", "hostname"))])


SPLITS: tuple[Split, ...] = ("train", "eval")
for split in SPLITS:
    for length in (1, 2, 3, 4):
        register(Template(f"everyday.{split}_{length}", "everyday", split, "easy", _conversation(length)))
    register(Template(f"everyday.{split}_block", "everyday", split, "easy", _block))
    register(Template(f"everyday.{split}_reading", "everyday", split, "easy", _reading, size=(2, 3)))
    register(Template(f"everyday.{split}_remote", "everyday", split, "easy", _remote))
