"""Who breathes what: the concentrations that people are exposed to, by polygon, from fields and a population raster."""
