# `make studio` installs what is missing and opens the studio; `make test` checks everything.
# ARGS goes to the studio (make studio ARGS=--no-browser) or to pytest (make test ARGS="-k lab").

PYTHON ?= python3
BIN := .venv/bin
# Jupyter refuses to run as root unless told; in a container root is the usual user.
ROOT_FLAG := $(if $(filter 0,$(shell id -u)),--allow-root)

.PHONY: studio install test test-all lint wheel format clean

studio:
	@$(PYTHON) scripts/install.py studio
	@exec $(BIN)/tengen-studio $(ROOT_FLAG) $(ARGS)

install:
	@$(PYTHON) scripts/install.py studio

test:
	@$(PYTHON) scripts/install.py test
	@$(BIN)/python scripts/check.py $(ARGS)

test-all:
	@$(PYTHON) scripts/install.py test
	@$(BIN)/python scripts/check.py --long $(ARGS)

lint:
	@$(PYTHON) scripts/install.py test
	@$(BIN)/python scripts/check.py --lint

wheel:
	@$(PYTHON) scripts/install.py test
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist .

format:
	@$(PYTHON) scripts/install.py test
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@cd extensions/lab && PATH="$(CURDIR)/$(BIN):$$PATH" $(CURDIR)/$(BIN)/jlpm format

clean:
	rm -rf build dist extensions/lab/dist extensions/lab/lib extensions/lab/node_modules
