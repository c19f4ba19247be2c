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
# `make test CHAPTER=math` and `make notebooks CHAPTER=math` look at one chapter.
NOTEBOOKS := $(sort $(wildcard chapters/*$(CHAPTER).ipynb))
OF_ONE := tests/chapters/$(CHAPTER) bn_lib/chapters/$(CHAPTER) tests/test_book.py
TESTS := $(if $(CHAPTER),$(OF_ONE),tests bn_lib)

.PHONY: book live pdf links test answers practice claims bench lab notebooks pins clean

book: .venv/book _build/look
	@mkdir -p _build
	@$(BUILD) >_build/book.log 2>&1 || { cat _build/book.log; exit 1; }
	@echo "The book is ready. Open _build/html/index.html in a browser."

# The same with Python on its pages, from Pyodide's CDN or the folder in PYODIDE_MIRROR.
live:
	@rm -f _build/look
	@BOOK_LIVE=_build/pyodide $(MAKE) --no-print-directory book
	@rm -f _build/look

# One PDF a language, and the book again, which then offers them on every page.
pdf: book
	@$(BIN)/python -m tools.paper
	@rm -f _build/look
	@$(MAKE) --no-print-directory book

links: book
	@$(BIN)/jupyter-book build . --builder linkcheck --quiet

# Sphinx sees changed pages; what makes or paints them it does not watch.
_build/look: $(shell find _ext _static -type f -not -name '*.pyc') _config.yml _toc.yml
	@rm -rf _build/html _build/.doctrees
	@mkdir -p _build
	@touch $@

test: .venv/all book
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(ENV) $(BIN)/python -m pytest --nbval --nbval-current-env --numprocesses 2 --dist loadfile \
		--nbval-sanitize-with tests/sanitize.cfg --ignore tests/answers \
		--ignore tests/browser/practice $(TESTS) $(NOTEBOOKS)

# Measures every claim twice, with its own seeds and with others, one on each core.
answers: .venv/all
	$(ENV) $(BIN)/python -m pytest --numprocesses 2 --dist loadfile \
		$(if $(CHAPTER),-k $(CHAPTER).) tests/answers

# The exercises as a reader does them: on the pages, in a browser, with Python in it.
practice: .venv/all live
	$(ENV) $(BIN)/python -m pytest --numprocesses 2 --dist load tests/browser/practice

claims: .venv/all
	$(ENV) $(BIN)/python -m bn_lib.course.ledger $(CHAPTER)

bench: .venv/all
	$(ENV) $(BIN)/python benchmarks/kernels.py

lab: .venv/all
	$(BIN)/jupyter lab chapters

# Applies what was edited in chapters/text or in the notebooks, and runs them again.
notebooks: .venv/all
	$(ENV) $(BIN)/python -m tools.notebooks $(if $(KEEP),--keep $(KEEP)) $(CHAPTER)
	$(BIN)/python -m tools.book

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
