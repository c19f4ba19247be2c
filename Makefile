# Everything runs in .venv, which each target makes as far as it needs it.
# `make book` needs no torch; `make test` installs the rest.

PYTHON ?= python3
BIN := .venv/bin
# Nothing is compiled ahead: Python does it at the first import, and the book is there sooner.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
# Notebooks and tests give the same numbers on one thread everywhere; a progress bar
# has nobody to watch it here.
ENV := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 BN_LIB_PROGRESS=0 PYTHONHASHSEED=0
BUILD := $(BIN)/jupyter-book build . --warningiserror --nitpick --keep-going --quiet
NOTEBOOKS := $(sort $(wildcard chapters/*.ipynb))

.PHONY: book pdf links test claims lab notebooks pins clean

book: .venv/book _build/look
	@mkdir -p _build
	@$(BUILD) >_build/book.log 2>&1 || { cat _build/book.log; exit 1; }
	@echo "The book is ready. Open _build/html/index.html in a browser."

# One PDF a language, and the book again, which then offers them on every page.
pdf: book
	@$(BIN)/python _ext/reading/paper.py
	@rm -f _build/look
	@$(MAKE) --no-print-directory book

links: book
	@$(BIN)/jupyter-book build . --builder linkcheck --quiet

# Sphinx sees changed pages; what makes or paints them it does not watch.
_build/look: $(shell find _ext _static -type f -not -name '*.pyc') _config.yml
	@rm -rf _build/html _build/.doctrees
	@mkdir -p _build
	@touch $@

test: .venv/all book
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(ENV) $(BIN)/python -m pytest --nbval --nbval-current-env --numprocesses 2 --dist loadfile \
		--nbval-sanitize-with tests/sanitize.cfg tests bn_lib $(NOTEBOOKS)

claims: .venv/all
	$(ENV) $(BIN)/python -m bn_lib.course.ledger

lab: .venv/all
	$(BIN)/jupyter lab chapters

notebooks: .venv/all
	$(ENV) $(BIN)/jupyter nbconvert --to notebook --execute --inplace --log-level WARN \
		--ExecutePreprocessor.record_timing=False --ClearMetadataPreprocessor.enabled=True \
		--ClearMetadataPreprocessor.clear_cell_metadata=False \
		--ClearMetadataPreprocessor.preserve_nb_metadata_mask=kernelspec $(NOTEBOOKS)
	@# What a cell prints arrives in pieces that differ each time. They are joined in a step
	@# of their own: in the step above nbconvert would do it before it runs the cells.
	$(BIN)/jupyter nbconvert --to notebook --inplace --log-level WARN --coalesce-streams \
		$(NOTEBOOKS)

# Refreshes constraints.txt from the versions that the requirements files name.
pins: .venv/all
	grep -hv '^[-#]' requirements-book.txt requirements.txt | $(BIN)/uv pip compile - \
		--universal --python-version 3.11 --no-header --no-annotate --quiet --upgrade \
		--output-file constraints.txt

clean:
	rm -rf .venv _build .pytest_cache .ruff_cache .hypothesis

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/book: .venv/bin/python requirements-book.txt constraints.txt
	$(PIP) -r requirements-book.txt
	@touch $@

.venv/all: .venv/book requirements.txt constraints.txt pyproject.toml
	$(PIP) -r requirements.txt
	@touch $@
