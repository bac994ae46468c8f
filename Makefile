# One environment, .venv, created by install/make_venv.py: instant when it is up to date, resumed when it was interrupted.
#   PYTHON=python3.12       use another interpreter (3.11 or newer)
#   DEVICE=cpu|cuda         install other builds than this machine calls for
#   MUTANTS='aj.wire*'      plant only these faults
#   SAMPLE=100              plant that many, drawn at random; an earlier `make mutants` has listed them all
#   TORCH_CPU_INDEX=URL     get torch's CPU build from another index, if pip's own configuration does not have it
PYTHON ?= python3
DEVICE ?= auto
MAKE_VENV = $(PYTHON) install/make_venv.py --device $(DEVICE)

# Inspect's vLLM provider looks for `vllm` on PATH.
export PATH := $(CURDIR)/.venv/bin:$(PATH)

# Where Python may not keep compiled files, as in many containers, each process of the loop would compile torch and the
# rest again: 22 s to import them instead of 13.
ifdef PYTHONDONTWRITEBYTECODE
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(CURDIR)/.venv/compiled
endif

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help loop setup setup-dev lint maps unit selfcheck real-loop servers test mutants

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

loop: setup ## run the whole loop: set up, build data, train, evaluate base and candidate, compare, gate, promote
	.venv/bin/aj loop loop/recipes/demo.yaml

setup: ## create .venv with the builds for this machine (CPU or CUDA)
	@$(MAKE_VENV)

setup-dev: ## create .venv, and add the tools of `make test`
	@$(MAKE_VENV) --dev

test: lint unit selfcheck real-loop ## run everything that CI runs: lint, unit tests, selfcheck, a small real loop, aj-10k

lint: setup-dev ## run ruff, pyright and import-linter
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/pyright
	.venv/bin/lint-imports

maps: ## write the map of files in fleet/, datasets_build/, verdict/ and loop/ from the modules' docstrings
	$(PYTHON) docs/file_maps.py

unit: setup-dev ## run the unit tests, on two processes and without a model hub
	HF_HUB_OFFLINE=1 .venv/bin/pytest -n 2

selfcheck: setup-dev ## check the evals: true answers score 1 in any form, false ones 0, bad agents fail where they should
	HF_HUB_OFFLINE=1 .venv/bin/aj selfcheck --suite small

real-loop: setup-dev ## run real evals, a small real loop (build, train, serve, evaluate, gate), and build aj-10k in full, twice
	HF_HUB_OFFLINE=1 .venv/bin/pytest -m loop -n 2

servers: setup-dev ## serve and evaluate tiny models of both 32B recipes, and try MLflow and verifiers; outside of `make test`
	HF_HUB_OFFLINE=1 .venv/bin/pytest -m servers

# Beside the environment, not in it: `make setup` would remove what is not on its tested list.
MUTMUT = .venv/bin/python -c "import sys; sys.path.append('$(CURDIR)/.venv/mutmut'); from mutmut.__main__ import cli; cli()"

DRAWN = .venv/bin/python -c "import glob, json, random; files = glob.glob('mutants/**/*.meta', recursive=True); \
	print(*random.sample([name for file in files for name in json.load(open(file))['exit_code_by_key']], $(SAMPLE)))"

mutants: setup-dev ## plant faults in the checks, the verdict and the wire, and name those that no test sees (hours; not in CI)
	test -d .venv/mutmut || .venv/bin/pip install --quiet --target .venv/mutmut mutmut==3.8.1
	names="$(if $(SAMPLE),$$($(DRAWN)),$(MUTANTS))" && HF_HUB_OFFLINE=1 $(MUTMUT) run $$names
	$(MUTMUT) results
