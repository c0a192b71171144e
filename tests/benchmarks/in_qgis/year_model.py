"""The shipped model *Period to exposure* on the year of the sample: python year_model.py FOLDER, which takes what it makes."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import session

YEAR = session.ROOT / "resources" / "sample" / "year"
PROVINCES = 31
# The outputs of the model and the step that makes each: a step has ended when its output is there.
STEPS = {"series": "days.nc", "panel": "seasons.png", "exposure": "exposure.gpkg"}


def main() -> None:
    folder = Path(sys.argv[1])
    app = session.start()
    plugin = session.load_plugin()
    import processing
    from qgis.core import QgsVectorLayer

    stations = QgsVectorLayer(
        f"{(YEAR / 'stations.csv').as_uri()}?type=csv&xField=lon&yField=lat&crs=EPSG:4326", "stations", "delimitedtext"
    )
    begin = time.perf_counter()
    started = time.time()
    result = processing.run(
        "ctm_reanalysis_models:Period to exposure",
        {
            "stations": stations,
            "value": "pm25",
            "time": "date",
            "id": "station",
            "by": "seasonal-climatology",
            "population": str(YEAR / "people.tif"),
            "polygons": str(YEAR / "provinces.geojson"),
            "means": str(folder / "seasons.nc"),
            **{name: str(folder / file) for name, file in STEPS.items()},
        },
    )
    seconds = time.perf_counter() - begin
    ended = [(folder / file).stat().st_mtime - started for file in STEPS.values()]
    rows = QgsVectorLayer(result["exposure"].partition("|")[0], "exposure", "ogr").featureCount()
    if rows != 1 + PROVINCES:  # the whole, and each
        sys.exit(f"{rows} rows of exposure, not one for each of {PROVINCES} provinces and one for all")
    plugin.unload()  # ends the engine, whose time is known from then on
    used = {
        who: sum(resource.getrusage(number)[:2]) for who, number in (("qgis", resource.RUSAGE_SELF), ("engine", resource.RUSAGE_CHILDREN))
    }
    print(json.dumps({"seconds": seconds, "processor": used, "steps": dict(zip(STEPS, ended))}), flush=True)
    app.exitQgis()


if __name__ == "__main__":
    main()
