"""The page of a reproduction of CTM days: scores, day by day, mean fields."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping

from model_core.evaluation.report import DAILY_PNG, PERIODS_PNG
from model_core.report.figures import png_figure
from model_core.report.page import with_unit, word, write_report
from model_core.variables import get_variable

_SCORES = ("r2_det", "r2_pearson", "rmse", "mae", "nme", "nmb", "ioa")


def write_reproduction_report(path: Path, summary: Mapping[str, Any], contents: Mapping[str, bytes]) -> None:
    """Write the page.

    Parameters
    ----------
    summary : as the job writes it into its folder
    contents : the files of the folder by name, of which the figures are taken
    """
    variable, days = get_variable(summary["species"]), summary["days"]
    write_report(
        path,
        "reproduction",
        {
            "title": f"{variable.long_name} of {days['count']} CTM day{'s' * (days['count'] > 1)}, reproduced from {summary['stations']['cells']} cells",
            "lead": f"{days['first']} to {days['last']}; scores over {summary['mask']['description']} ({summary['mask']['cells']} cells).",
            "days_said": days["description"],
            "scores": [[with_unit(key, variable.unit), summary["mean_of_daily"][key], summary["pooled"][key]] for key in _SCORES],
            "daily": png_figure(contents[DAILY_PNG], "Scores of each day", 720),
            "means": png_figure(contents[PERIODS_PNG], "Mean fields: the CTM, its reproduction, and the difference of the two", 820),
            "warnings": summary["warnings"],
            "record": summary["record"],
            "made_with": [
                ("Model", summary["model"]["name"]),
                ("Model file, SHA-256", summary["model"]["sha256"]),
                ("Station cells", summary["stations"]["description"]),
                ("Inputs that were missing", ", ".join(summary["missing_inputs"]) or "none"),
                *((f"CTM, {word(key)}", _listed(value)) for key, value in summary["ctm"].items() if value not in (None, "", [])),
            ],
        },
    )


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
