"""The page of a training: what was learnt from, how the error fell, what the kernels look like."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping

from model_core.report.figures import png_figure
from model_core.report.page import with_unit, write_report
from model_core.variables import get_variable

_CAPTIONS = {
    "history_figure": "Loss, and the error on the days held out, over the iterations",
    "kernels_figure": "Kernels of the first layers: how much a reading counts at a distance",
}


def write_training_report(path: Path, result: Mapping[str, Any], card: Mapping[str, Any], species: str, grid: Any, sha256: str) -> None:
    """Write the page.

    Parameters
    ----------
    result : of the job; its figures are read from their files
    card : of the model
    """
    variable = get_variable(species)
    training, days = card["training"], result["days"]
    figures = [png_figure(Path(result[key]).read_bytes(), caption, 760) for key, caption in _CAPTIONS.items() if result.get(key)]
    write_report(
        path,
        "training",
        {
            "title": f"Training of model “{Path(result['out']).stem}”",
            "lead": f"{result['iterations']} iterations on {days['training']} CTM days; {days['held_out']} days held out; predicts {variable.long_name}.",
            "scores": [
                (with_unit(key, variable.unit), value) for key, value in result["scores"].items() if isinstance(value, (int, float))
            ],
            "figures": figures,
            "data": [(str(key), str(value)) for key, value in training.items() if isinstance(value, (str, int, float))],
            "warnings": result["warnings"],
            "record": result["record"],
            "made_with": [("Model file", Path(result["out"]).name), ("SHA-256", sha256), ("Grid", str(grid))],
        },
    )
