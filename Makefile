# Everything for a fresh machine that has make and Python 3.11 or newer.
#   make demo   list the sample films, grade their readings, sum up the spines, write demo-report.html
#   make app    open the reading desk on a sample film
#   make test   linters, types, import contracts and every test
#   make bench  the benchmarks of benchmarks/README.md
#   make samples  write sample_images/ anew

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

# Which tests: all of them, unless it is said otherwise.
TESTS ?=
WINDOWS ?= tests/plugin/qt
WORKERS ?= 2

.PHONY: demo app test bench samples clean

# What tests need beside Python: a virtual display, a hand for the mouse, a DICOM validator, a database server, a browser.
SYSTEM := xvfb xdotool libegl1 libgl1 libopengl0 libdbus-1-3 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 \
	libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 libxcb-xkb1 \
	dicom3tools postgresql chromium
TOOLS := Xvfb xdotool dciodvfy pg_ctlcluster chromium

.venv/system: Makefile | .venv/installed
	@if (for tool in $(TOOLS); do command -v $$tool >/dev/null || exit 1; done); then :; \
	elif command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(SYSTEM) >/dev/null; \
	else echo "make: tests that need these are left out; as root: apt-get install $(SYSTEM)"; fi
	@touch $@

.venv/installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "make: expected Python 3.11 or newer, got none; set PYTHON=..."; exit 1; }
	@test -d .venv || $(PYTHON) -m venv .venv || { \
	  echo "make: expected Python's venv module (Debian: apt-get install python3-venv)"; exit 1; }
	$(PIP) install -q -c constraints.txt -e '.[test]'
	@touch $@

demo: .venv/installed
	$(BIN)/spinegrade image sample_images
	$(BIN)/spinegrade grade sample_images/readings/wedge-biconcave_R1_1.reading.json \
	  sample_images/readings/child_R1_1.reading.json --point-sd 0.35mm --format table
	$(BIN)/spinegrade assess sample_images/landmarks.csv --patients sample_images/patients --format table
	$(BIN)/spinegrade report sample_images/readings/wedge-biconcave_R1_1.reading.json \
	  sample_images/readings/child_R1_1.reading.json --point-sd 0.35mm --output demo-report.html --force

app: .venv/installed
	$(BIN)/spinegrade app sample_images/normal-adult.dcm

test: .venv/installed .venv/system
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@# The windows run with both Qt bindings; those with PyQt6 mostly wait, so they do it beside the rest.
	@QT_API=pyqt6 PYTEST_QT_API=pyqt6 $(BIN)/python -m pytest -q $(WINDOWS) >.venv/pyqt6.txt 2>&1 & other=$$!; \
	QT_API=pyside6 PYTEST_QT_API=pyside6 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --cov --cov-report=term $(TESTS); mine=$$?; \
	wait $$other; theirs=$$?; tail -n 60 .venv/pyqt6.txt | sed 's/^/PyQt6: /'; exit $$((mine + theirs))

bench: .venv/installed
	$(BIN)/python benchmarks/run.py

samples: .venv/installed
	$(BIN)/python sample_images/make.py

clean:
	rm -rf .venv dist build demo-report.html .coverage .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
