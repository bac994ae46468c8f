# One environment, .venv, made by install/make_venv.py: quick when it is up to date, continues where it was interrupted.
#   PYTHON=python3.12       another interpreter (3.11 or newer)
#   DEVICE=cpu|cuda         another build than the one this machine calls for
#   TORCH_CPU_INDEX=URL     another home of torch's CPU build, asked only where pip's own configuration has none
PYTHON ?= python3
DEVICE ?= auto
MAKE_VENV = $(PYTHON) install/make_venv.py --device $(DEVICE)

# vLLM's own command and Inspect's vLLM provider look for `vllm` on PATH.
export PATH := $(CURDIR)/.venv/bin:$(PATH)

# Where Python may not keep what it compiles, as in many containers, each process of the loop would compile torch and the
# rest anew: 22 s to import them in place of 13.
ifdef PYTHONDONTWRITEBYTECODE
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(CURDIR)/.venv/compiled
endif

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help loop setup setup-dev lint unit selfcheck real-loop test

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

loop: setup ## everything, once: set up, build data, train, evaluate base and candidate, compare, gate, promote
	.venv/bin/aj loop loop/recipes/demo.yaml

setup: ## only .venv, with the builds this machine calls for (CPU or CUDA)
	@$(MAKE_VENV)

setup-dev: ## .venv with the tools of `make test` too
	@$(MAKE_VENV) --dev

test: lint unit selfcheck real-loop ## all that CI runs: lint, unit tests, the instruments, the small real loop and aj-10k

lint: setup-dev ## ruff, pyright, import-linter
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/pyright
	.venv/bin/lint-imports

unit: setup-dev ## the unit tests, on two processes, without a hub
	HF_HUB_OFFLINE=1 .venv/bin/pytest -n 2

selfcheck: setup-dev ## reference agents over the small suite: the oracle scores 1, each bad one fails where it should
	HF_HUB_OFFLINE=1 .venv/bin/aj selfcheck --suite small

real-loop: setup-dev ## the small real loop: builds, trains, serves, evaluates and gates; and aj-10k in full, twice
	HF_HUB_OFFLINE=1 .venv/bin/pytest -m loop
