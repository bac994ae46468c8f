"""GitHub's workflow commands, which a job prints and GitHub shows beside the lines or on the job's page.

Format: https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from typing import Literal


def annotation(level: Literal["notice", "warning", "error"], text: str, **properties: str | int) -> str:
    """One command, without its line break; `properties` are file, line and title."""
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{level} {listed}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
