#!/usr/bin/env bash
# transformers 5.19.0 (tokenizers 0.23.3), seen 2026-11-29: a saved tokenizer_config.json tells where it was loaded.
#
# Guess: loading a tokenizer and saving it again writes the same files on every machine.
# Seen:  `save_pretrained` writes two more keys, `local_files_only` (true where HF_HUB_OFFLINE=1 is set) and `is_local`
#        (true for a folder). So one tokenizer has two digests, and a digest of a model's folder tells two equal models
#        apart.
# What the product does: it removes both before it saves (`train.base.save_tokenizer`), since the gate compares digests.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install transformers==5.19.0 tokenizers==0.23.3
cat > "$work/run.py" <<'PY'
import json
import sys
from pathlib import Path

from tokenizers import Tokenizer, models
from transformers import AutoTokenizer, PreTrainedTokenizerFast

source, target = map(Path, sys.argv[1:])
if not source.exists():
    words = Tokenizer(models.WordLevel({"<unk>": 0, "web01": 1}, unk_token="<unk>"))
    PreTrainedTokenizerFast(tokenizer_object=words, unk_token="<unk>").save_pretrained(source)
AutoTokenizer.from_pretrained(source).save_pretrained(target)
config = json.loads((target / "tokenizer_config.json").read_text())
print({key: config.get(key) for key in ("local_files_only", "is_local")})
PY
cd "$work"
online=$(env -u HF_HUB_OFFLINE venv/bin/python run.py source online 2>/dev/null)
offline=$(HF_HUB_OFFLINE=1 venv/bin/python run.py source offline 2>/dev/null)
echo "online:  $online"
echo "offline: $offline"
[ "$online" = "{'local_files_only': False, 'is_local': True}" ]
[ "$offline" = "{'local_files_only': True, 'is_local': True}" ]
! cmp -s online/tokenizer_config.json offline/tokenizer_config.json
cmp online/tokenizer.json offline/tokenizer.json
