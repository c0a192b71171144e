#!/usr/bin/env bash
# The main job, headless in real QGIS: the sample's stations in, a reanalysis GeoTIFF and a map of it out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=$PWD/.build/demo
sample=$PWD/resources/sample/stations.csv
day=$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "date") column = i } NR == 2 { print $column; exit }' "$sample")
raster=$out/pm25_$day.tif
map=$out/pm25_$day.png

mkdir -p "$out"
rm -f "$raster" "$map"
tools/qgis_process.sh run ctm_reanalysis:reanalyse -- \
    STATIONS="delimitedtext://file://$sample?type=csv&xField=lon&yField=lat&crs=EPSG:4326" \
    VALUE=pm25 TIME=date DATE="$day" RH_FIELD=rh WIND_FIELD=wind GRID=china12km OUTPUT="$raster" MAP="$map"

for file in "$raster" "$map"; do
    if [ ! -s "$file" ]; then
        echo "The demo wrote no $file" >&2
        exit 1
    fi
done
echo
echo "Reanalysis of $day: $raster"
echo "Map of it:                $map"
