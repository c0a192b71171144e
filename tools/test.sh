#!/usr/bin/env bash
# Every test, each folder with the Python that it is for; all of them run, and one that fails fails the whole.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
profile=$PWD/.build/test-profile
mkdir -p -m 700 "$profile/runtime"
export CTM_REANALYSIS_ENGINE_PYTHON=${CTM_REANALYSIS_ENGINE_PYTHON:-$PWD/.build/engine/bin/python}
export QT_QPA_PLATFORM=offscreen
export XDG_DATA_HOME=$profile/data XDG_CONFIG_HOME=$profile/config XDG_RUNTIME_DIR=$profile/runtime
failed=()

part() {
    echo "== $1"
    "$2" -m pytest "$1" || failed+=("$1")
}

part tests/core "$CTM_REANALYSIS_ENGINE_PYTHON"
part tests/qgis .build/qgis-tests/bin/python
part tests/package "$CTM_REANALYSIS_ENGINE_PYTHON"

if [ ${#failed[@]} -gt 0 ]; then
    echo "FAILED: ${failed[*]}"
    exit 1
fi
echo "All tests passed."
