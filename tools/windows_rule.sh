#!/usr/bin/env bash
# tests/core under Windows' rule (tests/windows_rule): what a process has open it can't replace, rename or delete.
#
# All of it, with a process for each processor; or what the arguments say, which are pytest's. `make test` runs a part in this way.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CTM_REANALYSIS_ENGINE_PYTHON=${CTM_REANALYSIS_ENGINE_PYTHON:-$PWD/.build/engine/bin/python}
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE
[ $# -gt 0 ] || set -- -n auto --dist worksteal tests/core
mapfile -t exceptions < <(grep '^tests/' tests/windows_rule/exceptions.txt)
PYTHONPATH=$PWD/tests/windows_rule exec "$CTM_REANALYSIS_ENGINE_PYTHON" -m pytest "${exceptions[@]/#/--deselect=}" "$@"
