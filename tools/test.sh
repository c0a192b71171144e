#!/usr/bin/env bash
# Every test, each folder with the Python that it is for; all of them run, and one that fails fails the whole.
#
# tests/core comes first, with a process for each processor. Tests wait for processes, clocks and disks, so the other parts, a
# process each, run beside it, and those that are left when it ends run side by side. Each has a profile and a temporary folder of
# its own, and is told whole when all have ended.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CTM_REANALYSIS_ENGINE_PYTHON=${CTM_REANALYSIS_ENGINE_PYTHON:-$PWD/.build/engine/bin/python}
export QT_QPA_PLATFORM=offscreen
# One thread for each process: the processes keep the processors busy. Threads that wait by spinning make a busy machine slow.
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE

# Tests, QGIS and the libraries leave things in the temporary folder: it is one of our own, and goes at the end.
temporary=$PWD/.build/test-tmp
said=$PWD/.build/test-output
rm -rf "$temporary" "$said"
mkdir -p "$temporary" "$said"
clean_up() {
    local group
    for group in $(jobs -p); do kill -- "-$group" 2>/dev/null; done
    rm -rf "$temporary"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

part_lint() { tools/lint.sh; }

# QGIS twice, each with every other file. pytest-qgis keeps QGIS's settings in a folder for each worker of pytest-xdist: as workers
# of such names they do not read each other's options.
half_of_qgis() {
    local first=$1 files=(tests/qgis/test_*.py) chosen=() i
    for ((i = first; i < ${#files[@]}; i += 2)); do chosen+=("${files[i]}"); done
    PYTEST_XDIST_WORKER=half$first .build/qgis-tests/bin/python -m pytest "${options[@]}" "${chosen[@]}"
}
part_qgis_first_half() { half_of_qgis 0; }
part_qgis_second_half() { half_of_qgis 1; }

part_package() { "$CTM_REANALYSIS_ENGINE_PYTHON" -m pytest "${options[@]}" tests/package; }

# Tests that replace files once more under Windows' rule: what is open can't be replaced. `make windows-rule` runs all of tests/core so.
part_windows_rule_on_open_files() { tools/windows_rule.sh "${options[@]}" @tests/windows_rule/tests.txt; }

# The inference once more as poorer processors see it.
inference_with() { env "$@" "$CTM_REANALYSIS_ENGINE_PYTHON" -m pytest "${options[@]}" tests/core/test_inference.py tests/core/test_tiles.py; }
part_inference_with_avx2() {
    if has_avx2_at_most; then
        echo "Left out: this processor has nothing beyond AVX2, so that tests/core has run the same."
    else
        inference_with ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2
    fi
}
part_inference_with_sse41() { inference_with ONEDNN_MAX_CPU_ISA=SSE41 ATEN_CPU_CAPABILITY=default; }

# Instructions after AVX2 are avx512..., avx_..., avx10... and amx_...; where the system does not tell, more is taken to be there.
has_avx2_at_most() {
    grep --quiet --word-regexp avx2 /proc/cpuinfo 2>/dev/null && ! grep --quiet --extended-regexp '\b(avx512|avx_|avx10|amx)' /proc/cpuinfo
}

part_core() { "$CTM_REANALYSIS_ENGINE_PYTHON" -m pytest "${options[@]}" -n auto --dist worksteal tests/core; }

# A part with a profile of QGIS, a temporary folder and a cache of pytest that are its own; its exit status is kept.
run_part() {
    local part=$1 profile=$PWD/.build/test-profile/$1
    mkdir -p -m 700 "$profile/runtime"
    mkdir "$temporary/$part"
    (
        export XDG_DATA_HOME=$profile/data XDG_CONFIG_HOME=$profile/config XDG_RUNTIME_DIR=$profile/runtime XDG_STATE_HOME=$profile/state
        export TMPDIR=$temporary/$part
        options=(--durations=30 -o "cache_dir=.build/pytest-cache/$part")
        "part_$part"
    )
    echo $? >"$said/$part/status"
}

# The parts beside tests/core, the longest first. `run_others` takes those that nobody has taken, one after the other.
others=(lint qgis_first_half qgis_second_half package windows_rule_on_open_files inference_with_avx2 inference_with_sse41)
run_others() {
    local part
    for part in "${others[@]}"; do
        if mkdir "$said/$part" 2>/dev/null; then run_part "$part" >"$said/$part/output" 2>&1 </dev/null; fi
    done
}
# In process groups of their own, so that they can be ended with all that they started.
start_others() {
    local i
    set -m
    for ((i = 0; i < $1; i++)); do run_others & done
    set +m
}

processors=$(getconf _NPROCESSORS_ONLN)  # `nproc` says how many threads OMP_NUM_THREADS allows
start_others $(((processors + 1) / 2))
echo "== core"
mkdir "$said/core"
run_part core
start_others $((processors / 2))
wait

failed=()
for part in core "${others[@]}"; do
    if [ "$part" != core ]; then
        echo "== ${part//_/ }"
        cat "$said/$part/output"
    fi
    [ "$(cat "$said/$part/status")" = 0 ] || failed+=("${part//_/ }")
done

# What the product itself puts there it takes away again.
leftovers=$(find "$temporary" -mindepth 1 -maxdepth 2 \( -name 'ctm-reanalysis*' -o -name 'dask-scratch-space' \))
if [ -n "$leftovers" ]; then
    echo "Left in the temporary folder: $leftovers"
    failed+=("the temporary folder")
fi

if [ ${#failed[@]} -gt 0 ]; then
    printf -v names '%s, ' "${failed[@]}"
    echo "FAILED: ${names%, }"
    exit 1
fi
echo "All tests passed."
