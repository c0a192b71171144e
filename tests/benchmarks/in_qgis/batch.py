"""Days one by one and all at once, in QGIS: python batch.py YEAR.csv MODEL DAYS; both write GeoTIFFs, which must be equal."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import session


def main() -> None:
    table, model, days = sys.argv[1], sys.argv[2], int(sys.argv[3])
    app = session.start()
    plugin = session.load_plugin()
    import processing
    from osgeo import gdal
    from qgis.core import QgsProject, QgsVectorLayer

    layer = QgsVectorLayer(f"file://{table}?type=csv&xField=lon&yField=lat&crs=EPSG:4326", "year", "delimitedtext")
    QgsProject.instance().addMapLayer(layer)
    first = date(2020, 1, 1)
    common = {
        "STATIONS": layer.id(),
        "VALUE": "pm25",
        "TIME": "date",
        "ID": "station",
        "RH_FIELD": "rh",
        "WIND_FIELD": "wind",
        "MODEL": model,
    }
    with tempfile.TemporaryDirectory() as folder:
        # The engine is warm for both, and its model and grid are ready.
        processing.run("ctm_reanalysis:reanalyse", {**common, "DATE": str(first), "OUTPUT": f"{folder}/warm.tif"})
        begin = time.perf_counter()
        processing.run(
            "ctm_reanalysis:reanalyseperiod",
            {**common, "START": str(first), "END": str(first + timedelta(days=days - 1)), "FOLDER": f"{folder}/period"},
        )
        period, rows = time.perf_counter() - begin, []
        for number in range(days):
            begin, day = time.perf_counter(), first + timedelta(days=number)
            processing.run("ctm_reanalysis:reanalyse", {**common, "DATE": str(day), "OUTPUT": f"{folder}/pm25_{day}.tif"})
            rows.append(time.perf_counter() - begin)
        for number in range(days):
            name = f"pm25_{first + timedelta(days=number)}.tif"
            single, series = (gdal.Open(str(Path(folder) / place / name)).ReadAsArray() for place in ("", "period"))
            if single.tobytes() != (series if series.ndim == 2 else series[0]).tobytes():
                sys.exit(f"{name} differs between the batch and the period by up to {abs(single - series).max()}")
    print(json.dumps({"period": period, "batch": sum(rows), "rows": rows}), flush=True)
    plugin.unload()
    app.exitQgis()


if __name__ == "__main__":
    main()
