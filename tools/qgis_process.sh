#!/usr/bin/env bash
# qgis_process with the plugin of this checkout and a profile of its own, so that nobody's QGIS profile is touched:
#   tools/qgis_process.sh run ctm_reanalysis:reanalyse -- STATIONS=... VALUE=... OUTPUT=...
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
profile=$root/.build/qgis-profile
plugins=$root/.build/plugins

mkdir -p "$plugins" "$profile"
ln -sfn ../.. "$plugins/ctm_reanalysis"
export QGIS_PLUGINPATH=$plugins XDG_DATA_HOME=$profile/data XDG_CONFIG_HOME=$profile/config
export QT_QPA_PLATFORM=${QT_QPA_PLATFORM:-offscreen}
export CTM_REANALYSIS_ENGINE_PYTHON=${CTM_REANALYSIS_ENGINE_PYTHON:-$root/.build/engine/bin/python}
# Qt keeps its runtime files where the session says; a machine without a session says nothing, and Qt complains.
if [ ! -d "${XDG_RUNTIME_DIR:-}" ]; then
    mkdir -p -m 700 "$profile/runtime"
    export XDG_RUNTIME_DIR=$profile/runtime
fi

if ! grep --quiet --no-messages '^ctm_reanalysis=true' "$XDG_DATA_HOME/QGIS/QGIS3/profiles/default/QGIS/QGIS3.ini"; then
    qgis_process plugins enable ctm_reanalysis >&2
fi
exec qgis_process "$@"
