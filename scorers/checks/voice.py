"""Voice: AJ's own rules, and those of the persona that is being answered (`aj/personas.yaml`)."""

import re

from aj.findings import Finding
from aj.personas import Rule, load_personas

_EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]")


def check_voice(answer: str, persona: str, technical: list[str]) -> list[Finding]:
    """Findings on the wording of an answer; `technical` are the terms (host names, say) that belong in inline code."""
    rules = load_personas().voice
    found = []
    if len(_EMOJI.findall(answer)) > (rules.max_emoji if persona == "casual_developer" else 0):
        found.append(Finding("emoji", "too many emoji", "one at most, and only for a casual user"))
    for code, phrases in (("robotic", rules.robotic), ("over_apology", rules.apology), ("caveat", rules.caveat)):
        said = [phrase for phrase in phrases if phrase.lower() in answer.lower()]
        found += [Finding(code, f"says {phrase!r}", "drop it") for phrase in said]
    bare = re.sub(r"`[^`]*`", " ", answer)
    for term in technical:
        if re.search(rf"(?<![\w-]){re.escape(term)}(?![\w-])", bare):
            found.append(Finding("no_inline_code", f"{term} is not written as inline code", f"write `{term}`"))
    return found + [f for rule in load_personas().personas[persona].rules if (f := _apply(rule, answer))]


def _apply(rule: Rule, answer: str) -> Finding | None:
    broken = (
        (rule.must and not re.search(rule.must, answer))
        or (rule.must_not and re.search(rule.must_not, answer))
        or (rule.max_words and len(answer.split()) > rule.max_words)
    )
    return Finding(rule.code, rule.why, rule.fix) if broken else None
