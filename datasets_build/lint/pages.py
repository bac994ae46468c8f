"""The pages of the rules in Markdown: one for each rule, shown by `aj lint --explain CODE`, and their index.

The index is generated: python -m datasets_build.lint.pages. A test compares it with `rules.yaml`, the contract and the
personas.
"""

from pathlib import Path

from aj.contract import load_contract
from aj.files import write_text
from aj.visible import visible
from aj.wire import render_turn
from datasets_build.lint.rules import Example, Rule, load_rules
from datasets_build.reading.transcripts import Preference, Turn, message_of

INDEX = Path(__file__).parents[2] / "docs" / "rules" / "README.md"

FAMILIES = {
    "wire": "The form of a call: one JSON object in the contract's keys",
    "tools": "Tools and their arguments",
    "conduct": "Conduct over a conversation, as the runtime enforces it",
    "pattern": "The eight documented failures",
    "grounding": "Answers that state only what was seen",
    "plan": "The form of a plan",
    "persona": "AJ's voice, in general and for each persona",
    "structure": "Records and turns, and what leaks into them",
    "encoding": "Characters and encodings",
    "privacy": "Secrets and private addresses",
}


def page(rule: Rule) -> str:
    """The page of one rule, in Markdown."""
    data = rule.data
    lines = [
        f"# {rule.code}",
        "",
        f"Family: {rule.family}. {_fixing(rule)}",
        "",
        f"**What:** {_sentence(rule.what)}",
        "",
        f"**Why it matters:** {data.because}",
        "",
        f"**Repair:** {_sentence(rule.fix)}",
        "",
        "## Fails",
        "",
        *_shown(data.example),
        "",
    ]
    if data.repaired is not None:
        lines += ["## Repaired", "", *_shown(data.repaired), ""]
    else:
        lines += ["## No certain repair", "", f"{_sentence(data.quarantined or '')}", ""]
    return "\n".join([*lines, f"To find the rows that teach it: `aj lint FILES --select {rule.code}`", ""])


def index() -> str:
    """All rules by family, in Markdown."""
    lines = [
        "# Rules of `aj lint`",
        "",
        "`aj lint --explain CODE` shows a rule with an example and its repair.",
        "This index is generated from `datasets_build/lint/rules.yaml`; do not edit it.",
        "",
    ]
    for family, about in FAMILIES.items():
        lines += [f"## {family}", "", f"{about}.", "", "| code | what | `--fix` |", "|---|---|---|"]
        for rule in load_rules().values():
            if rule.family == family:
                what = rule.what.replace("|", "\\|")
                lines.append(f"| {rule.code} | {what} | {'yes' if rule.fixable else 'no'} |")
        lines.append("")
    return "\n".join(lines)


def _fixing(rule: Rule) -> str:
    if rule.fixable:
        return "`aj lint --fix` repairs it where the repair is certain."
    return "`aj lint --fix` does not repair it; a row that breaks the contract is quarantined."


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"


def _shown(example: Example) -> list[str]:
    """An example as text, in the words that the model reads and writes."""
    if example.raw is not None:
        text = example.raw.encode("unicode_escape").decode() + (
            f" … {example.fill:,} bytes more" if example.fill else ""
        )
        return ["The file holds:", "", *_block(text)]
    item = example.item(load_contract())
    about = [f"Persona: {example.persona}."] if example.persona else []
    about += [f"Mode: {example.mode}."] if example.mode != "step" else []
    lines = [" ".join(about), ""] if about else []
    turns = [f"system: {item.system}"] if not isinstance(item, Preference) and item.system else []
    turns += [_line(turn) for turn in item.turns]
    if isinstance(item, Preference):
        turns += [f"chosen: {item.chosen.text}", f"rejected: {item.rejected.text}"]
    return [*lines, *_block("\n".join(turns))]


def _line(turn: Turn) -> str:
    role = {"user": "user", "assistant": "AJ", "tool": "result"}[turn.role]
    return f"{role}: {turn.text if turn.role == 'tool' else render_turn(message_of(turn), load_contract())}"


def _block(text: str) -> list[str]:
    fence = "````" if "```" in text else "```"
    return [f"{fence}text", *(visible(line) for line in text.split("\n")), fence]


if __name__ == "__main__":
    write_text(INDEX, index())
