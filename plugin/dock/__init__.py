"""The dock panel *CTM Reanalysis*: a face over the algorithms, which do all the work."""
