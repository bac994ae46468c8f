#!/usr/bin/env bash
# minijinja 3.1.0 beside transformers 5.19.0's chat templates, seen 2026-11-28: one template, two prompts.
#
# Guess: an engine that renders a run's chat template with MiniJinja asks with the very text that the run was trained on.
# Seen:  `tojson` writes ' < > & as \u0027 \u003c \u003e \u0026, and `|safe` does not bring them back; a line that holds
#        nothing but a tag leaves its line break; `raise_exception` and the `generation` tag, which training templates
#        use, are unknown. Transformers leaves the characters alone, drops such lines and knows both.
# What the product does: it serves with vLLM, which renders with transformers, and compares the token ids of the training
#        prompt with those of the server.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install minijinja==3.1.0 transformers==5.19.0 jinja2
cat > "$work/run.py" <<'PY'
import minijinja
from transformers.utils.chat_template_utils import _compile_jinja_template

TOOL = {"b": 1, "a": "it's <host> & port"}


def both(template: str) -> tuple[str, str]:
    engine = minijinja.Environment()
    try:
        one = engine.render_str(template, tool=TOOL)
    except minijinja.TemplateError as error:
        one = error.kind
    return one, _compile_jinja_template(template).render(tool=TOOL)


seen = {
    "tojson": both("{{ tool | tojson }}"),
    "safe": both("{{ tool | tojson | safe }}"),
    "a line of a tag": both("a\n{% if true %}\nb\n{% endif %}\nc"),
    "generation": both("{% generation %}x{% endgeneration %}"),
}
for what, (one, other) in seen.items():
    print(f"{what:16} minijinja {one!r}\n{'':16} transformers {other!r}")
escaped = r'{"b": 1, "a": "it\u0027s \u003chost\u003e \u0026 port"}'
plain = '{"b": 1, "a": "it\'s <host> & port"}'
assert seen["tojson"] == (escaped, plain)
assert seen["safe"] == (escaped, plain)
assert seen["a line of a tag"] == ("a\n\nb\n\nc", "a\nb\nc")
assert seen["generation"] == ("SyntaxError", "x")
PY
"$work/venv/bin/python" "$work/run.py"
