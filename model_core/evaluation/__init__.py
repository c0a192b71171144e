"""Evaluation: how well a model gives CTM days back from what stations in them would have read."""
