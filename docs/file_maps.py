"""Writes the map of files in each large room's README.md from the first lines of its modules' docstrings.

python docs/file_maps.py
"""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROOMS = {
    "fleet": "The world: simulated hosts, Linux and Windows. It knows acts, but no tool names and no scenarios.",
    "datasets_build": "From sources to a locked data set: read, repair, lint, mix, write.",
    "verdict": "May it be promoted? Reads folders of Inspect logs and nothing else.",
    "loop": "What acts: the whole loop, evaluation, harvest, the registry of champions, and the `aj` command.",
}


def room_map(room: Path, about: str) -> str:
    """A room's README.md: one line per module, folder by folder."""
    folders: dict[Path, list[str]] = {}
    for module in sorted(room.rglob("*.py")):
        if text := ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))):
            first = " ".join(text.split("\n\n")[0].split())
            folders.setdefault(module.parent, []).append(f"- `{module.name}`: {first}\n")
    sections = [
        (f"\n## {folder.relative_to(room)}\n\n" if folder != room else "\n") + "".join(lines)
        for folder, lines in sorted(folders.items())
    ]
    return f"# {room.name}\n\n{about}\n\n<!-- written by docs/file_maps.py -->\n{''.join(sections)}"


def main() -> None:
    for name, about in ROOMS.items():
        (ROOT / name / "README.md").write_text(room_map(ROOT / name, about), encoding="utf-8")


if __name__ == "__main__":
    main()
