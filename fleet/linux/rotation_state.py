"""When logs were last rotated: logrotate's state file, and what its daily run has left in it."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from fleet.linux.logrotate_config import LogRule

STATE = "/var/lib/logrotate/status"
_HEAD = "logrotate state -- version 2\n"
_ROW = re.compile(r'"(.*)" (\d+)-(\d+)-(\d+)-(\d+):(\d+):(\d+)')


def state_text(times: Mapping[str, int]) -> str:
    rows = ((path, datetime.fromtimestamp(time, UTC)) for path, time in times.items())
    return _HEAD + "".join(
        f'"{path}" {at.year}-{at.month}-{at.day}-{at.hour}:{at.minute}:{at.second}\n' for path, at in rows
    )


def read_state(text: str) -> dict[str, int]:
    """Log -> when it was last rotated."""
    found = (_ROW.fullmatch(line) for line in text.splitlines())
    return {row[1]: int(datetime(*map(int, row.groups()[1:]), tzinfo=UTC).timestamp()) for row in found if row}


def last_rotations(rules: Iterable[LogRule], expand: Callable[[str], list[str]], now: int) -> dict[str, int]:
    """What a run every midnight has noted of the logs that are there."""
    return {
        path: _beginning(rule, now)
        for rule in rules
        for pattern in rule.patterns
        for path in expand(pattern)
        if rule.criterion != "size"
    }


def _beginning(rule: LogRule, now: int) -> int:
    """The midnight at which a rule last applied."""
    midnight = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0)
    if rule.criterion == "weekly":
        midnight -= timedelta(days=(midnight.isoweekday() - rule.weekday) % 7)
    elif rule.criterion in ("monthly", "yearly"):
        midnight = midnight.replace(day=1, month=midnight.month if rule.criterion == "monthly" else 1)
    return int(midnight.timestamp())


def is_due(rule: LogRule, last: int, now: int) -> bool | str:
    """Whether the time has come for a rule, or why not."""
    before, today = datetime.fromtimestamp(last, UTC), datetime.fromtimestamp(now, UTC)
    if last - now > 25 * 3600:
        return True
    if before.strftime("%Y%m%d%H") == today.strftime("%Y%m%d%H"):
        return "log has already been rotated"
    form = {"hourly": "%Y%m%d%H", "daily": "%Y%m%d", "monthly": "%Y%m", "yearly": "%Y"}.get(rule.criterion)
    if form:
        due = before.strftime(form) != today.strftime(form)
    else:
        its_day = today.isoweekday() % 7 == rule.weekday and before.date() != today.date()
        due = its_day or now - last >= 7 * 86_400
    span = {"hourly": "an hour", "daily": "a day", "weekly": "a week", "monthly": "a month", "yearly": "a year"}
    ago = f"which is less than {span[rule.criterion]} ago"
    return due or f"log has been rotated at {before:%Y-%m-%d %H:%M}, {ago}"
