"""What files from strangers may not have the libraries do: reach the network, start programs, follow a list of other files.

GDAL opens whatever a file says it is, whatever its name: a table that holds ``<OGRVRTDataSource>`` would have it fetch an address,
and some of its drivers are clients of web services. None of that is needed to read a file, so it is switched off. It is not a
sandbox: a fault in a library that is fed with a damaged file stays one.
"""

from __future__ import annotations

import os

# Clients of web services; those that follow other files (OGR_VRT, GDALG), and one that starts a program (GPSBabel).
# Rasters' own VRT stays: it is how mosaics of heights are handed over, and it only reads files of this computer then.
_DRIVERS = (
    "WMS WMTS WCS WFS OAPIF OGCAPI CSW HTTP STACIT STACTA PLMOSAIC PLSCENES EEDA EEDAI DAAS NGW Elasticsearch Carto AmigoCloud "
    "OGR_VRT GDALG GPSBabel ADBC"
)


def confine() -> None:
    """Switch it off, before a library is loaded that reads files."""
    skipped = os.environ.get("GDAL_SKIP", "").split()
    os.environ["GDAL_SKIP"] = " ".join(dict.fromkeys([*skipped, *_DRIVERS.split()]))
    # GDAL's files on the web: only those whose name ends so, which are none, unless the user names others.
    os.environ.setdefault("CPL_VSIL_CURL_ALLOWED_EXTENSIONS", ".none")
    os.environ["GDAL_VRT_ENABLE_PYTHON"] = "NO"
