# A menu: each target is one thin line over `python -m pipeline <command>`.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup label train evaluate compare sample fetch bench check-data check test test-slow lint types format clean

PYTHON ?= python3
RUN := .venv/bin/python -m pipeline
READY := .venv/ready
# A value as one word for the shell, apostrophes and all; its option before it, if it was given.
quoted = '$(subst ','\'',$(1))'
option = $(if $(2),--$(1) $(call quoted,$(2)))

help: ## this menu
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: $(READY) ## create .venv and install everything for running and testing (PYTHON)

$(READY): pyproject.toml requirements.lock
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --constraint requirements.lock --editable '.[transformers,dev]'
	touch $@

label: $(READY) ## label documents with the shipped model (INPUT, OUTPUT, MODEL, CONFIG, WORKERS)
	$(RUN) label $(call option,input,$(INPUT)) $(call option,output,$(OUTPUT)) $(call option,model,$(MODEL)) $(call option,config,$(CONFIG)) $(call option,workers,$(WORKERS))

train: $(READY) ## train a model from data/train and write it under models/ (CONFIG, OUTPUT, DATA)
	$(RUN) train $(call option,data,$(DATA)) $(call option,output,$(OUTPUT)) $(call option,config,$(CONFIG))

evaluate: $(READY) ## score a model on gold data; fails below the recorded floors (MODEL, GOLD)
	$(RUN) evaluate $(call option,model,$(MODEL)) $(call option,gold,$(GOLD))

compare: $(READY) ## compare labelled folders: tables and an HTML report (INPUT, OUTPUT, CODED, CONFIG)
	$(RUN) compare $(call option,input,$(INPUT)) $(call option,output,$(OUTPUT)) $(call option,coded,$(CODED)) $(call option,config,$(CONFIG))

sample: $(READY) ## draw sentences of labelled folders for a person to code (INPUT, OUTPUT, SIZE)
	$(RUN) sample $(call option,input,$(INPUT)) $(call option,output,$(OUTPUT)) $(call option,size,$(SIZE))

fetch: $(READY) ## download conclusions from the Council's register or CELLAR into data/raw (DOC, LANG=nl,en)
	$(RUN) fetch --doc $(call quoted,$(DOC)) --lang $(call quoted,$(LANG))

bench: $(READY) ## speed and memory side by side with the naive way, as ratios
	.venv/bin/python -m pip install --quiet --constraint requirements.lock --editable '.[bench]'
	.venv/bin/python -m bench.labelling
	.venv/bin/python -m bench.ingestion
	.venv/bin/python -m bench.segmentation

check-data: $(READY) ## check the training and gold data and the lexicons
	$(RUN) check-data

test: $(READY) ## the whole test suite, offline
	.venv/bin/python -m pytest -m 'not slow'

test-slow: $(READY) ## the tests that take minutes
	.venv/bin/python -m pytest -m slow

check: lint types check-data evaluate test ## lint, format check, types, data checks, quality gate, tests: what CI runs

lint: $(READY)
	.venv/bin/ruff check
	.venv/bin/ruff format --check

types: $(READY)
	.venv/bin/mypy

format: $(READY) ## rewrite layout and import order
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

clean: ## remove what can be made again
	rm -rf .venv data/labelled data/comparisons .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
