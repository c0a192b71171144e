"""The page of a comparison of fields with another raster: scores, scatter, maps side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping

from model_core.evaluation.figures import pretty_unit
from model_core.report.figures import png_figure
from model_core.report.page import write_report

_OF_BOTH = {"n": "cells", "pearson": "correlation", "spearman": "rank correlation", "r2_pearson": "R² (squared correlation)"}
_OF_ONE_UNIT = {"r2_det": "R² (1 − SSE/SST)", "nmb": "NMB", "nme": "NME"}
_IN_THE_UNIT = {"bias": "bias", "rmse": "RMSE", "mae": "MAE"}


def write_comparison_report(path: Path, found: Mapping[str, Any], scatter: bytes, maps: bytes) -> None:
    """Write the page.

    Parameters
    ----------
    found : as the job writes it into its folder
    scatter, maps : its figures, PNG
    """
    scores, field, other = found["scores"], found["field"], found["other"]
    unit = pretty_unit(field["unit"])
    rows = [(name, scores[key]) for key, name in _OF_BOTH.items()]
    if found["one_unit"]:
        rows += [(f"{name} ({unit})", scores[key]) for key, name in _IN_THE_UNIT.items()] + [
            (name, scores[key]) for key, name in _OF_ONE_UNIT.items()
        ]
    write_report(
        path,
        "comparison",
        {
            "title": f"{field['name']} against {other['name']}",
            "lead": f"{_days(field)}; {scores['n']} cells are compared.",
            "scores": rows,
            "sides": [
                ["", field["name"], other["name"]],
                ["unit", unit or "–", pretty_unit(other["unit"]) or "–"],
                ["mean", scores["mean_field"], scores["mean_other"]],
                ["standard deviation", scores["sd_field"], scores["sd_other"]],
            ],
            "one_unit": found["one_unit"],
            "scatter": png_figure(scatter, "Each cell: the other raster across, the field upwards, with the least-squares line"),
            "maps": png_figure(maps, "The two fields and their difference", 820),
            "warnings": found["warnings"],
            "record": found["record"],
            "made_with": [
                ("Field", field["file"]),
                ("Other raster", other["file"]),
                ("Brought onto the field’s grid", other["regridding"]),
                ("Cells that count", found["mask"]["description"]),
                ("Least valid share of a cell", found["min_valid"]),
            ],
        },
    )


def _days(side: Mapping[str, Any]) -> str:
    """Of which days the fields are, as far as they say."""
    if side["fields"] == 1:
        return str(side["first"])
    return f"mean of {side['fields']} fields from {side['first']} to {side['last']}"
