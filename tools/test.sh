#!/usr/bin/env bash
# Every test, each folder with the Python that it is for; all of them run, and one that fails fails the whole.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CTM_REANALYSIS_ENGINE_PYTHON=${CTM_REANALYSIS_ENGINE_PYTHON:-$PWD/.build/engine/bin/python}
export QT_QPA_PLATFORM=offscreen

# A profile of QGIS that is the tests' own.
use_profile() {
    local profile=$PWD/.build/test-profile/$1
    mkdir -p -m 700 "$profile/runtime"
    export XDG_DATA_HOME=$profile/data XDG_CONFIG_HOME=$profile/config XDG_RUNTIME_DIR=$profile/runtime XDG_STATE_HOME=$profile/state
}
use_profile first

# Threads that wait for a busy processor by spinning make a busy machine many times slower.
export OMP_WAIT_POLICY=PASSIVE
failed=()

# Tests, QGIS and the libraries leave things in the temporary folder: it is one of our own, and goes at the end.
temporary=$PWD/.build/test-tmp
rm -rf "$temporary"
mkdir -p "$temporary"
export TMPDIR=$temporary
trap 'rm -rf "$temporary"' EXIT

# Every processor runs tests of its own, each with one thread: most of them keep one busy.
many=(-n auto --dist worksteal)
slowest=(--durations=30)

part() {
    local folder=$1 python=$2
    shift 2
    echo "== $folder"
    "$python" -m pytest "${slowest[@]}" "$folder" "$@" || failed+=("$folder")
}

# The inference once more as poorer processors see it. On one that has no more than the setting leaves, this is the same again.
part_on_poorer_processors() {
    local setting
    for setting in "ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2" "ONEDNN_MAX_CPU_ISA=SSE41 ATEN_CPU_CAPABILITY=default"; do
        echo "== inference with $setting"
        env $setting OMP_NUM_THREADS=1 "$CTM_REANALYSIS_ENGINE_PYTHON" -m pytest -q "${many[@]}" \
            tests/core/test_inference.py tests/core/test_tiles.py || failed+=("inference with $setting")
    done
}

# Tests that replace files once more under Windows' rule: what is open can't be replaced. One is left out: after a full disk the
# NetCDF library keeps its unfinished file open, so that Windows would let it be taken away only when the engine ends.
part_under_windows_rule() {
    echo "== under Windows' rule on open files"
    OMP_NUM_THREADS=1 PYTHONPATH=$PWD/tests/windows_rule "$CTM_REANALYSIS_ENGINE_PYTHON" -m pytest -q "${many[@]}" @tests/windows_rule/tests.txt ||
        failed+=("under Windows' rule on open files")
}

# QGIS twice, each with a profile and a temporary folder of its own and every other file: a test of QGIS waits for its engine half of the time.
half_of_qgis() {
    local first=$1 name=$2 files=(tests/qgis/test_*.py) chosen=() i
    for ((i = first; i < ${#files[@]}; i += 2)); do chosen+=("${files[i]}"); done
    use_profile "$name"
    export TMPDIR=$temporary/$name
    mkdir -p "$TMPDIR"
    .build/qgis-tests/bin/python -m pytest "${slowest[@]}" -o cache_dir=".build/pytest-$name" "${chosen[@]}"
}
part_qgis() {
    echo "== tests/qgis, in two halves"
    local said=$PWD/.build/second-half.txt second
    (half_of_qgis 1 second) >"$said" 2>&1 &
    second=$!
    (half_of_qgis 0 first) || failed+=("tests/qgis, first half")
    wait "$second" || failed+=("tests/qgis, second half")
    cat "$said"
}

echo "== lint"
tools/lint.sh || failed+=("lint")

OMP_NUM_THREADS=1 part tests/core "$CTM_REANALYSIS_ENGINE_PYTHON" "${many[@]}"
part_on_poorer_processors
part_under_windows_rule
part_qgis
part tests/package "$CTM_REANALYSIS_ENGINE_PYTHON"

# What the product itself puts there it takes away again.
leftovers=$(find "$temporary" -mindepth 1 -maxdepth 2 \( -name 'ctm-reanalysis*' -o -name 'dask-scratch-space' \))
if [ -n "$leftovers" ]; then
    echo "Left in the temporary folder: $leftovers"
    failed+=("the temporary folder")
fi

if [ ${#failed[@]} -gt 0 ]; then
    echo "FAILED: ${failed[*]}"
    exit 1
fi
echo "All tests passed."
