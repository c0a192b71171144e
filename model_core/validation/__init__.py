"""Evaluation 2: a model against real stations that it was not given, beside the usual interpolators.

places             where stations stand, which readings are one station, and what a field says there
folds              which stations are left out together; which stay in a thinned network
splits             which readings are given and which are asked for, on every day
baselines          what inverse distances, kriging (with drift or without) and Voronoi neighbours make of the stations that are left
distributions      what a prediction says about the reading that it has not seen: intervals and CRPS
cross_validation   the whole: `cross_validate(days, grid, predictor, ...) -> CrossValidation`
score_tables       scores pooled and by day, method and concentration class
files              predictions.csv, points.gpkg and scores.json
scatter            scatter.png, observed against predicted
"""
