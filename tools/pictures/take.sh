#!/usr/bin/env bash
# Takes the pictures of QGIS in the documentation: a real QGIS under Xvfb, with an empty profile into which the plugin's zip is installed.
#   tools/pictures/take.sh [dialogs] [tutorial]      (both, if none is named); look at each picture afterwards
# Needs `make setup`, and the program Xvfb. The pictures are written into docs/images; the tutorial's work goes into .build/pictures.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$root/.build/pictures
rm -rf "$work"
mkdir -p -m 700 "$work/home" "$work/runtime" "$work/taken"
# A home of its own, which QGIS and the plugin show as ~, so that no picture shows a folder of this machine.
unset XDG_DATA_HOME XDG_CONFIG_HOME XDG_CACHE_HOME XDG_STATE_HOME
export HOME=$work/home XDG_RUNTIME_DIR=$work/runtime
export CTM_REANALYSIS_ENGINE_PYTHON=${CTM_REANALYSIS_ENGINE_PYTHON:-$root/.build/engine/bin/python}
export OMP_WAIT_POLICY=PASSIVE LC_ALL=C.UTF-8 LANGUAGE=en QT_SCALE_FACTOR=1
parts=("${@:-dialogs tutorial}")

export PICTURES_ZIP PICTURES_WORK=$work PICTURES_PARTS="${parts[*]}"
PICTURES_ZIP=$(/usr/bin/python3 "$root/tools/package.py")

ini=$HOME/.local/share/QGIS/QGIS3/profiles/default/QGIS/QGIS3.ini
mkdir -p "$(dirname "$ini")"
printf '[qgis]\ncheckVersion=false\nshowTips=false\n[app]\nprojections\\unknownCrsBehavior=NoAction\n[UI]\nallowVersionCheck=false\n' > "$ini"

display=:$((90 + RANDOM % 100))
Xvfb "$display" -screen 0 1400x1500x24 >"$work/xvfb.log" 2>&1 &
server=$!
trap 'kill $server' EXIT
for _ in $(seq 50); do [ -e "/tmp/.X11-unix/X${display#:}" ] && break; sleep 0.1; done
DISPLAY=$display QT_QPA_PLATFORM=xcb timeout 560 qgis --nologo --noversioncheck --code "$root/tools/pictures/in_qgis.py" >"$work/qgis.log" 2>&1 ||
    { echo "QGIS ended with status $?; see $work/qgis.log" >&2; exit 1; }
if [ -s "$work/error.txt" ]; then cat "$work/error.txt" >&2; exit 1; fi
"$CTM_REANALYSIS_ENGINE_PYTHON" "$root/tools/pictures/palettes.py" "$work/taken" "$root/docs/images"
