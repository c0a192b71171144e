"""A field against another raster, such as satellite AOD, on the field's grid (Fig. 8 of the paper)."""
