# `make report` and `make test` do their own set-up; `make help` lists the rest.
# Everything but setup, lock and help is one call of `python -m analysis`, or of a script outside the package. Works with GNU make 3.81.
PYTHON := .venv/bin/python
STAMP := .venv/.installed
ANALYSIS := $(PYTHON) -m analysis
DATASETS ?=
JOBS ?= 2

.PHONY: report test setup figures data new check sweep lab verify validate bench torture lock size clean help

report: $(STAMP) ## build the site (DATASETS="name ..." OPEN=1 RELEASE=1), or one report: NOTEBOOK=02_short_window PARAMS="days=180"
	@$(ANALYSIS) report --datasets "$(DATASETS)" --jobs $(JOBS) $(if $(OPEN),--open) $(if $(RELEASE),--release) --notebook "$(NOTEBOOK)" --params "$(PARAMS)"

test: $(STAMP) ## run the tests (ARGS="-m thorough" for the slow ones)
	@$(ANALYSIS) test $(ARGS)

setup: $(STAMP) ## install the environment alone

figures: $(STAMP) ## draw figures/ again
	@$(ANALYSIS) figures --datasets "$(DATASETS)" --jobs $(JOBS)

data: $(STAMP) ## download what DATASETS="name ..." need (default: all)
	@$(ANALYSIS) data --datasets "$(DATASETS)"

new: $(STAMP) ## write a first dataset.toml, or a block for a further file (DATASET=name FILE=path TABLE=arrests)
	@$(ANALYSIS) new --dataset "$(DATASET)" --file "$(FILE)" --table "$(TABLE)"

check: $(STAMP) ## review a dataset: what is kept, what cannot be right, what will be built (DATASET=name)
	@$(ANALYSIS) check --dataset "$(DATASET)"

sweep: $(STAMP) ## one notebook over many places or windows (SWEEP=sweeps/demo-counties.toml)
	@$(ANALYSIS) sweep --file "$(SWEEP)" --jobs $(JOBS) $(if $(OPEN),--open)

lab: $(STAMP) ## open JupyterLab at this folder (ARGS="--no-browser --port 8889")
	@$(ANALYSIS) lab $(ARGS)

verify: $(STAMP) ## build twice in different folders and compare every byte
	@$(ANALYSIS) verify

validate: $(STAMP) ## compute the coverage of every interval and design again, where the truth is known (under an hour)
	@$(PYTHON) -m validation --jobs $(JOBS)

bench: $(STAMP) ## measure speed and memory as ratios to named alternatives
	@$(PYTHON) -m benchmarks $(ARGS)

torture: $(STAMP) ## kill builds, break disks and mutate files; nothing may be lost (about an hour)
	@$(PYTHON) tests/robustness/run.py $(ARGS)

lock: ## refresh the locks and say which published digits that changes (needs uv; ARGS=--upgrade)
	@sh setup.sh lock $(ARGS)

size: ## how large the project is, beside its limits
	@python3 tests/test_size.py

clean: ## remove what was made: processed data, reports, the environment (private data stays)
	@rm -rf data/processed reports .venv .venv-cluster build src/*.egg-info .pytest_cache .ruff_cache .hypothesis

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

$(STAMP): requirements.lock pyproject.toml setup.sh
	@sh setup.sh
