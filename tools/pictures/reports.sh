#!/usr/bin/env bash
# Takes the pictures of the reports in the documentation: makes a report of each kind, opens it in a browser, and takes its upper part.
#   tools/pictures/reports.sh [reanalysis] [period] [crossvalidation] [training] [reproduction] [comparison] [exposure]
# All, if none is named; look at each picture afterwards. Needs `make engine`, and the program chromium. DATA is the folder of real data,
# for the day and its cross-validation; the others are of the sample and of a simulated CTM. The work goes into .build/reports.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
python=$root/.build/engine/bin/python
data=$(cd "${DATA:-$root/../shared/data}" && pwd)
work=$root/.build/reports
mkdir -p "$work/pages" "$work/taken"
cd "$work"
export OMP_WAIT_POLICY=PASSIVE PYTHONPATH=$root

engine() { "$python" -W ignore -m model_core "$@" >"$work/$1.log" 2>&1 || { cat "$work/$1.log" >&2; exit 1; }; }
has() { [ -e "$1" ] || "make_$2"; }

sample=(--stations "$root/resources/sample/stations.csv" --value pm25 --time date --id station)
day=(--stations "$data/cnemc/cnemc_snapshot_20180220T07.csv" --date 2018-02-20)
make_days() { engine reanalyse-period "${sample[@]}" --report pages/period.html --out days.nc; }
make_ctm() { engine simulate --grid 108,28,118,37,0.15@EPSG:4326 --start 2018-01-01 --days 40 --seed 1 --out ctm.nc; }
make_model() {
    has ctm.nc ctm
    sed 's/^validate_every = .*/validate_every = 10/' "$root/model_core/configurations/improved.toml" >often.toml
    engine train --ctm ctm.nc --from bundled --config often.toml --iterations 60 --batch 2 --validation-share 0.25 --seed 1 \
        --report pages/training.html --out own.safetensors
}
page() {
    case $1 in
    reanalysis) engine reanalyse "${day[@]}" --uncertainty sd --style china --report pages/reanalysis.html --out day.tif ;;
    period) make_days ;;
    crossvalidation) engine crossvalidate "${day[@]}" --folds 5 --baselines idw --report pages/crossvalidation.html --out scores ;;
    training) make_model ;;
    reproduction)
        has own.safetensors model
        engine reproduce --ctm ctm.nc --model own.safetensors --report pages/reproduction.html --out reproduction
        ;;
    comparison)
        # Against what kriging alone makes of the same readings.
        has days.nc days
        engine reanalyse "${sample[@]}" --date 2019-01-15 --analysis kriging --out kriging.tif
        engine compareraster --fields days.nc --start 2019-01-15 --end 2019-01-15 --other kriging.tif --other-name "PM2.5 by kriging alone" \
            --report pages/comparison.html --out comparison
        ;;
    exposure)
        has days.nc days
        engine exposure --fields days.nc --population "$root/resources/sample/year/people.tif" \
            --polygons "$root/resources/sample/year/provinces.geojson" --limit 35 --limit 75 --report pages/exposure.html --out exposure.gpkg
        ;;
    *) echo "no report is called '$1'" >&2; exit 2 ;;
    esac
}

for name in "${@:-reanalysis period crossvalidation training reproduction comparison exposure}"; do
    for one in $name; do
        page "$one"
        chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/browser" --window-size=880,6000 \
            --screenshot="$work/taken/report_$one.png" "file://$work/pages/$one.html" 2>"$work/browser.log"
    done
done
"$python" "$root/tools/pictures/pages.py" "$work/taken"
"$python" "$root/tools/pictures/palettes.py" "$work/taken" "$root/docs/images"
