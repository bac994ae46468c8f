"""The contexts in which the eight documented error patterns occurred (wrong texts: `scenarios.error_patterns`)."""

from scenarios.both.everyday import BEFORE, SPLITS
from scenarios.error_patterns import PATTERNS, ErrorPattern
from scenarios.requests import ask, catalogue
from scenarios.scenario import BuildScenario, Stage, Template, register


def _context(pattern: ErrorPattern) -> BuildScenario:
    """The request that a pattern is about: to the fleet, or to a named host; preceded by another one if the agents are
    known."""

    def build(stage: Stage) -> None:
        if pattern.known:
            ask(stage, *_somewhere(stage, stage.rng.choice(BEFORE)))
        intent = stage.rng.choice(pattern.intents)
        ask(stage, intent, None if "fleet" in catalogue().intents[intent].scopes else stage.pick())

    return build


def _somewhere(stage: Stage, intent: str) -> tuple[str, str | None]:
    scope = stage.rng.choice(catalogue().intents[intent].scopes)
    return intent, stage.pick() if scope == "host" else None


for split in SPLITS:
    for name, pattern in PATTERNS.items():
        register(Template(f"patterns.{split}_{name}", "patterns", split, "easy", _context(pattern)))
