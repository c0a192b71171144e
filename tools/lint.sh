#!/usr/bin/env bash
# ruff (rules, order of imports, form) over the whole checkout, mypy over engine and plugin; the rules are in pyproject.toml.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
status=0
.build/lint/bin/ruff check --quiet . || status=1
.build/lint/bin/ruff format --check --quiet . || status=1
MYPYPATH=$PWD .build/lint/bin/mypy --no-error-summary || status=1
exit $status
