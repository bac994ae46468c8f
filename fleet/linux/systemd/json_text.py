"""JSON as systemd's tools write it: without blanks, or with tabs and a blank before each colon."""

import json
from collections.abc import Mapping, Sequence

JsonValue = str | Mapping[str, str] | Sequence["JsonValue"]


def json_text(value: JsonValue, pretty: bool = False, depth: int = 0) -> str:
    if not pretty or isinstance(value, str) or not value:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    tabs, end = "\t" * (depth + 1), "\t" * depth
    if isinstance(value, Mapping):
        inner = ",\n".join(
            f"{tabs}{json_text(key)} : {json_text(part, True, depth + 1)}" for key, part in value.items()
        )
        return f"{{\n{inner}\n{end}}}"
    return "[\n" + ",\n".join(f"{tabs}{json_text(part, True, depth + 1)}" for part in value) + f"\n{end}]"
