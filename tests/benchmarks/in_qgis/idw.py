"""QGIS's own inverse distance weighting: python idw.py POINTS.gpkg xmin,xmax,ymin,ymax CELL RUNS -> {"seconds": [...]}."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import session


def main() -> None:
    points, extent, cell, runs = sys.argv[1:]
    app = session.start()
    import processing
    from qgis.core import QgsProject, QgsRasterLayer, QgsVectorLayer

    layer = QgsVectorLayer(points, "stations", "ogr")
    QgsProject.instance().addMapLayer(layer)
    column = layer.fields().indexOf("value")
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        for run in range(int(runs)):
            begin = time.perf_counter()
            processing.run(
                "qgis:idwinterpolation",
                {
                    "INTERPOLATION_DATA": f"{layer.id()}::~::0::~::{column}::~::0",
                    "DISTANCE_COEFFICIENT": 2,
                    "EXTENT": extent,
                    "PIXEL_SIZE": float(cell),
                    "OUTPUT": str(Path(folder) / f"{run}.tif"),
                },
            )
            seconds.append(time.perf_counter() - begin)
            if not QgsRasterLayer(str(Path(folder) / f"{run}.tif")).isValid():  # the algorithm does not say when it fails
                sys.exit("QGIS's IDW wrote no raster")
    print(json.dumps({"seconds": seconds}), flush=True)
    app.exitQgis()


if __name__ == "__main__":
    main()
