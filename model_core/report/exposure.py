"""The page of an exposure: people above limits, the chart, the polygons, the course of the days."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Mapping, Sequence

from model_core.evaluation.figures import pretty_unit
from model_core.exposure.table import column
from model_core.report.figures import PageFigure, png_figure, weighted_figure
from model_core.report.page import write_report

MOST_ROWS = 60


def write_exposure_report(path: Path, result: Mapping[str, Any], name: str, period: str, chart: bytes) -> None:
    """Write the page.

    Parameters
    ----------
    result : of the job
    name, period : of the fields, for people
    chart : PNG
    """
    whole, unit, limits = result["whole"], pretty_unit(result["unit"]), result["limits"]
    most_exposed = sorted((row for row in result["polygons"] if row["mean"] is not None), key=lambda row: -row["mean"])
    shown, shares = most_exposed[:MOST_ROWS], [column("share_above_", limit) for limit in limits]
    write_report(
        path,
        "exposure",
        {
            "title": ", ".join(filter(None, (f"Exposure of people to {name}", period))),
            "lead": f"{_people(whole['counted'])} people on cells with a value; population-weighted mean {whole['mean']:.3g} {unit}.",
            "numbers": [
                (f"Population-weighted mean ({unit})", whole["mean"]),
                ("People counted", _people(whole["counted"])),
                ("People outside the field", _people(whole["outside"])),
                ("People on cells without a value", _people(whole["no_value"])),
            ],
            "limits": [
                [f"{limit:g} {unit}", _people(whole[column("above_", limit)]), _percent(whole[key])] for limit, key in zip(limits, shares)
            ],
            "percentiles": [[f"{one:g} %", whole[column("p", one)]] for one in result["percentiles"]],
            "unit_said": unit,
            "chart": png_figure(
                chart,
                "Population-weighted means, and the share of people above each limit"
                if result["polygons"]
                else "People by the concentration that they live in",
                760,
            ),
            "series": _course(result["series"], result["unit"]),
            "polygons_head": ["", "people", f"mean ({unit})", *(f"above {limit:g}" for limit in limits)],
            "polygons": [[row["name"], _people(row["counted"]), row["mean"], *(_percent(row[key]) for key in shares)] for row in shown],
            "left_out": len(most_exposed) - len(shown),
            "shown": len(shown),
            "warnings": result["warnings"],
            "record": result["record"],
            "made_with": [
                ("Fields", _fields(result["steps"])),
                ("Population", f"{result['population']['file']} ({result['population']['is']})"),
            ],
        },
    )


def _fields(steps: Mapping[str, Any]) -> str:
    return f"{steps['count']} fields, {steps['first']} to {steps['last']}" if steps["count"] > 1 else str(steps["first"])


def _course(rows: Sequence[Mapping[str, Any]], unit: str) -> PageFigure | None:
    """The weighted mean over time, where several steps say their times."""
    try:
        times = [datetime.fromisoformat(row["step"]) for row in rows]
    except ValueError:
        return None
    means = [float("nan") if row["mean"] is None else row["mean"] for row in rows]
    return weighted_figure(times, means, unit, "Population-weighted mean of each step") if len(times) > 1 else None


def _people(number: float | None) -> str:
    """Three digits of a number of people."""
    return "–" if number is None else f"{float(f'{number:.3g}'):,.0f}" if number >= 1 else f"{number:.3g}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"
