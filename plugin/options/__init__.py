"""The page *CTM Reanalysis* in QGIS's options."""
