"""The algorithm `reanalyse` in a QGIS that has just started, and again: python first_run.py STATIONS.csv MODEL RUNS."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import session


def main() -> None:
    stations, model, runs = sys.argv[1:]
    begin = time.perf_counter()
    app = session.start()
    plugin = session.load_plugin()
    import processing
    from qgis.core import QgsVectorLayer

    started = time.perf_counter() - begin
    layer = QgsVectorLayer(f"file://{stations}?type=csv&xField=lon&yField=lat&crs=EPSG:4326", "stations", "delimitedtext")
    days = sorted(layer.uniqueValues(layer.fields().indexOf("date")))
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        for run in range(1 + int(runs)):
            day = days[run % len(days)]
            output = Path(folder) / f"{run}.tif"
            begin = time.perf_counter()
            processing.run(
                "ctm_reanalysis:reanalyse",
                {
                    "STATIONS": layer,
                    "VALUE": "pm25",
                    "TIME": "date",
                    "DATE": day if isinstance(day, str) else day.toString("yyyy-MM-dd"),
                    "RH_FIELD": "rh",
                    "WIND_FIELD": "wind",
                    "MODEL": model,
                    "OUTPUT": str(output),
                },
            )
            seconds.append(time.perf_counter() - begin)
            if not output.exists():
                sys.exit(f"run {run} wrote no raster")
    print(json.dumps({"started": started, "first": seconds[0], "warm": seconds[1:]}), flush=True)
    plugin.unload()
    app.exitQgis()


if __name__ == "__main__":
    main()
