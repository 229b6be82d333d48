# `make` builds the documentation and the example, `make test` runs the whole suite. Needs python3 and make; the rest goes into .venv.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# What is tried in environments of its own: sites with other plugins, suites of stock pytest-bdd.
BESIDE := tests/sites tests/sites-techdocs tests/suites
ENVIRONMENTS := $(patsubst tests/%/requirements.lock,.venvs/%/.installed,$(wildcard tests/*/requirements.lock))

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
# Material announces its own future here; it says nothing about this site.
export NO_MKDOCS_2_WARNING := true

# Without bytecode each of the many processes that the tests start would compile every plugin of pytest anew.
unexport PYTHONDONTWRITEBYTECODE

AT     :=

.PHONY: site build-site test test-versions lint format lock browser clean

site: $(STAMP)
	@status=0; $(MAKE) --no-print-directory build-site || status=1; \
	$(MAKE) --no-print-directory build-site AT=examples/login/ || status=1; exit $$status

# One project's site, with what its scenarios came to; AT is the project's folder, with a slash at its end.
build-site: $(STAMP)
	@rm -f $(AT)site/index.html $(AT)site/jetty/spec.json; status=0; \
	$(BIN)/mkdocs build -f $(AT)mkdocs.yml || status=$$?; \
	if [ -f $(AT)site/index.html ]; then \
	echo "site: $(AT)site/index.html ($$(find $(AT)site -name '*.html' | wc -l | tr -d ' ') pages)"; fi; \
	if [ -f $(AT)site/jetty/spec.json ]; then $(BIN)/python -c 'import json, sys; \
	counts = json.load(open(sys.argv[1], encoding="utf-8"))["counts"]; \
	print("scenarios:", ", ".join(f"{number} {name}" for name, number in counts.items() if number))' \
	$(AT)site/jetty/spec.json; fi; exit $$status

test: $(STAMP) browser $(ENVIRONMENTS)
	$(BIN)/python -m pytest -n auto $(ARGS)

# The suite with other versions than the lock's: the declared floors (lowest-direct) or the newest (highest). Needs uv.
RESOLUTION := lowest-direct

test-versions: browser
	uv venv --quiet --clear --python $(PYTHON) .venvs/$(RESOLUTION)
	uv pip install --quiet --python .venvs/$(RESOLUTION)/bin/python --resolution $(RESOLUTION) -e ".[mkdocs]" --group dev
	.venvs/$(RESOLUTION)/bin/python -m pytest -n auto $(patsubst %,--ignore=%,$(BESIDE)) $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Tests of the rendered pages drive a real browser; without one they are skipped, and this says why.
browser: $(STAMP)
	@if command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 \
	    || command -v google-chrome >/dev/null 2>&1; then :; \
	elif ! command -v apt-get >/dev/null 2>&1; then \
	    echo "browser: no chromium, and no apt-get to install it; tests that need one are skipped"; \
	elif [ "$$(id -u)" != 0 ]; then \
	    echo "browser: no chromium, and only root may install it (sudo apt-get install chromium); tests that need one are skipped"; \
	elif { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium; } \
	    >$(VENV)/apt.log 2>&1; then echo "browser: installed chromium"; \
	else echo "browser: apt-get could not install chromium (see $(VENV)/apt.log); tests that need one are skipped"; fi

# The stamp is written last, so that a set-up that was cut short is taken up again.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
	    || { echo "error: $(PYTHON) is older than Python 3.10; name another: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	    || { echo "error: $(PYTHON) has no ensurepip, so it cannot make a virtual environment (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@[ -x $(BIN)/python ] && $(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps -e .
	@touch $@

# Environments beside the project's own, for plugins of MkDocs and of pytest whose pins clash or that would act on every test.
$(ENVIRONMENTS): .venvs/%/.installed: tests/%/requirements.lock pyproject.toml
	$(PYTHON) -m venv --clear .venvs/$*
	.venvs/$*/bin/python -m pip install --quiet --no-compile -r tests/$*/requirements.lock
	.venvs/$*/bin/python -m pip install --quiet --no-deps -e .
	@touch $@

PIN := uv pip compile --universal --python-version 3.10 --no-header --no-emit-index-url

lock:
	$(PIN) pyproject.toml --extra mkdocs --group dev -o requirements.lock
	for folder in $(patsubst .venvs/%/.installed,tests/%,$(ENVIRONMENTS)); do \
	    $(PIN) pyproject.toml $$folder/requirements.in --extra mkdocs -o $$folder/requirements.lock || exit 1; done

clean:
	rm -rf $(VENV) site .cache examples/login/site
