# `make report` and `make test` do their own set-up; `make help` lists the rest.
# Everything but setup, lock and help is one call of `python -m analysis`, or of a script outside the package. Works with GNU make 3.81.
PYTHON := .venv/bin/python
STAMP := .venv/.installed
ANALYSIS := $(PYTHON) -m analysis
DATASETS ?=
JOBS ?= 2

.PHONY: report test setup figures data new check sweep lab verify worlds bench torture lock clean help

report: $(STAMP) ## build the site of reports (DATASETS="name ..." chooses datasets, OPEN=1 opens it)
	@$(ANALYSIS) report --datasets "$(DATASETS)" --jobs $(JOBS) $(if $(OPEN),--open)

test: $(STAMP) ## run all tests
	@$(ANALYSIS) test $(ARGS)

setup: $(STAMP) ## install the environment alone

figures: $(STAMP) ## draw figures/ again
	@$(ANALYSIS) figures --datasets "$(DATASETS)" --jobs $(JOBS)

data: $(STAMP) ## download what DATASETS="name ..." need (default: all)
	@$(ANALYSIS) data --datasets "$(DATASETS)"

new: $(STAMP) ## write a first dataset.toml (DATASET=name FILE=path)
	@$(ANALYSIS) new --dataset "$(DATASET)" --file "$(FILE)"

check: $(STAMP) ## read a dataset, build nothing, say what would be kept (DATASET=name)
	@$(ANALYSIS) check --dataset "$(DATASET)"

sweep: $(STAMP) ## one notebook over many places or windows (SWEEP=sweeps/demo-counties.toml)
	@$(ANALYSIS) sweep --file "$(SWEEP)" --jobs $(JOBS) $(if $(OPEN),--open)

lab: $(STAMP) ## open JupyterLab with this environment's kernel
	@$(ANALYSIS) lab

verify: $(STAMP) ## build twice in different folders and compare every byte
	@$(ANALYSIS) verify

worlds: $(STAMP) ## compute the coverage of every interval over simulated worlds again
	@$(ANALYSIS) worlds

bench: $(STAMP) ## measure speed and memory as ratios to named alternatives
	@$(PYTHON) -m benchmarks $(ARGS)

torture: $(STAMP) ## kill builds, break disks and mutate files; nothing may be lost (about an hour)
	@$(PYTHON) tests/robustness/run.py $(ARGS)

lock: ## refresh the locks and say which published digits that changes (needs uv; ARGS=--upgrade)
	@sh setup.sh lock $(ARGS)

clean: ## remove what was made: processed data, reports, the environment (private data stays)
	@rm -rf data/processed reports .venv .venv-cluster build src/*.egg-info .pytest_cache .ruff_cache .hypothesis

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

$(STAMP): requirements.lock pyproject.toml setup.sh
	@sh setup.sh
