# The whole workflow of a checkout. On a fresh Debian 12 machine `make demo` and `make test` need nothing else.
#
# Options:  WHEELS=DIR       install from a folder of wheels, without a package index
#           DEVICE=cpu|gpu   what torch shall compute on
#           INDEX=URL        package index to use in place of pip's own
#           TORCH_INDEX=URL  package index that has torch for that device, in place of PyTorch's own or PyPI
#           DATA=DIR         folder of real CTM days, maps and station positions, for `make model`
#           BASE_PYTHON=P    Python 3.11 to 3.14 to make the engine environment from

DATA ?= ../shared/data
PYTHON := $(firstword $(wildcard /usr/bin/python3) python3)
ENGINE_PYTHON := $(CURDIR)/.build/engine/bin/python
ENGINE_OPTIONS := --wheels "$(WHEELS)" --index "$(INDEX)" --device "$(DEVICE)" --torch-index "$(TORCH_INDEX)" --base-python "$(BASE_PYTHON)"

export CTM_REANALYSIS_ENGINE_PYTHON := $(ENGINE_PYTHON)

.PHONY: help setup system engine docs-tools lint-tools engine-python demo test windows-rule lint docs benchmark benchmark-skill trials model package clean
.NOTPARALLEL:

help:
	@echo "make demo           set up what is missing, then run the main job on the sample: stations in, raster and map out"
	@echo "make test           set up what is missing, then run every test"
	@echo "make windows-rule   all tests of the engine under Windows' rule on open files, simulated; not a part of make test"
	@echo "make lint           ruff and mypy over the code"
	@echo "make docs           build the documentation, .build/site; its reference is made from the code"
	@echo "make setup          set up what is missing: QGIS, the engine environment, the test tools"
	@echo "make engine-python  print the path of the engine's Python (with make -s nothing else)"
	@echo "make package        build the plugin's zip in .build/package"
	@echo "make benchmark      run the benchmarks; one table, .build/benchmarks/benchmark.csv and .png"
	@echo "make benchmark-skill  the bundled model against kriging, in and out of China (DATA=folder of real data, MODEL=another model)"
	@echo "make trials         damaged inputs, killed processes, full disks, a decade of days; one table, .build/trials/trials.csv"
	@echo "make model          train the bundled model anew by its recipe (DATA=folder of real data, MODEL=paper for the other one); goes on where it was cut off"
	@echo "make clean          remove all that make made (.build); QGIS stays installed"

setup: system
	@$(PYTHON) tools/set_up.py all $(ENGINE_OPTIONS) >&2

system:
	@tools/install_system.sh qgis

engine:
	@tools/install_system.sh python
	@$(PYTHON) tools/set_up.py engine $(ENGINE_OPTIONS) >&2

docs-tools lint-tools:
	@tools/install_system.sh python
	@$(PYTHON) tools/set_up.py $(@:-tools=) --wheels "$(WHEELS)" --index "$(INDEX)" >&2

engine-python: engine
	@echo $(ENGINE_PYTHON)

demo: system engine
	@tools/demo.sh

test: setup
	@tools/test.sh

windows-rule: setup
	@tools/windows_rule.sh

lint: engine lint-tools
	@tools/lint.sh

docs: system engine docs-tools
	@$(PYTHON) tools/build_docs.py

benchmark: setup
	@$(PYTHON) tools/set_up.py engine --benchmarks $(ENGINE_OPTIONS) >&2
	@$(ENGINE_PYTHON) tests/benchmarks/run_all.py

benchmark-skill: engine
	@$(ENGINE_PYTHON) tests/benchmarks/skill/run_all.py --data "$(DATA)" --model "$(or $(MODEL),bundled)"

trials: setup
	@$(ENGINE_PYTHON) tests/trials/run_all.py

model: engine
	@$(ENGINE_PYTHON) resources/recipes/make_model.py --model "$(or $(MODEL),bundled)" --data "$(DATA)" --resume

package:
	@$(PYTHON) tools/package.py

clean:
	rm -rf .build .qgis-settings .pytest_cache .hypothesis
