"""What the engine says of something, as lines for the log and as a page to keep."""

from __future__ import annotations

import base64
import html
from pathlib import Path

from .engine.language import language
from .translate import tr

_STYLE = (
    "body{font-family:sans-serif;color:#22303c;margin:1.5em} h1{font-size:1.5em} table{border-collapse:collapse;font-size:0.85em}"
    "th,td{text-align:left;vertical-align:top;padding:0.3em 1.2em 0.3em 0;border-bottom:1px solid #d9dfe4;font-weight:normal}"
    "th{color:#5d6b77} .number{text-align:right}"
)
_SCORES = {
    "r2_det": "R² (det)",
    "r2_pearson": "R² (Pearson)",
    "rmse": "RMSE",
    "mae": "MAE",
    "nme": "NME",
    "nmb": "NMB",
    "ioa": "IOA",
    "mfb": "MFB",
    "mfe": "MFE",
    "crps": "CRPS",
    "coverage_90": "90 % coverage",
    "coverage_50": "50 % coverage",
    "width_50": "50 % width",
    "width_90": "90 % width",
    "nme_above_75": "NME > 75",
    "nme_above_150": "NME > 150",
    "rmse_to_kriging": "RMSE / kriging's",
}
_METHODS = {
    "idw": "inverse distance",
    "ok": "kriging",
    "oklog": "kriging of logs",
    "vna": "Voronoi neighbours",
    "avna": "aVNA",
    "evna": "eVNA",
    "ked": "kriging with drift",
    "kedlog": "kriging of logs with drift",
    "ctm": "CTM",
    "rk": "regression kriging",
    "rklog": "regression kriging of logs",
}

# What is called so in a file, and stays as it is there: a variable RH is no relative humidity of this plugin's.
_NAMES = ("name", "path")


def lines_of(values: dict, prefix: str = "") -> list[tuple[str, str]]:
    """(label, text) pairs of a nested dictionary, in its order, in the user's language where its words are known."""
    lines = []
    for key, value in values.items():
        label = f"{prefix}{tr(key)}"
        if isinstance(value, dict):
            lines += lines_of(value, f"{label} / ")
        elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            for number, item in enumerate(value, start=1):
                told = {k: v if k in _NAMES else _text(v) for k, v in item.items() if v not in (None, "")}
                lines.append((f"{label} {number}", ", ".join(f"{tr(k)} {v}" for k, v in told.items())))
        elif isinstance(value, list):
            lines.append((label, ", ".join(_text(item) for item in value) or "-"))
        else:
            lines.append((label, "-" if value is None else tr(str(value))))
    return lines


def write_page(path: str, title: str, lines: list[tuple[str, str]]) -> None:
    """Write the lines as an HTML table."""
    rows = "".join(f"<tr><th>{html.escape(label)}</th><td>{html.escape(text)}</td></tr>\n" for label, text in lines)
    _write(path, title, f"<table>\n{rows}</table>\n")


def write_score_page(path: str, title: str, note: str, scores: dict[str, dict], *pictures: Path) -> None:
    """Write scores, a row for each method and a column for each score, with pictures (PNG) under them."""
    columns = list(dict.fromkeys(key for values in scores.values() for key, value in values.items() if isinstance(value, (int, float))))
    head = "".join(f"<th class='number'>{html.escape(tr(_SCORES.get(key, key)))}</th>" for key in columns)
    rows = "".join(
        f"<tr><th>{html.escape(tr(_METHODS.get(method, method)))}</th>"
        + "".join(f"<td class='number'>{_score(values.get(key))}</td>" for key in columns)
        + "</tr>\n"
        for method, values in scores.items()
    )
    images = [base64.b64encode(picture.read_bytes()).decode() for picture in pictures]
    shown = "".join(f"<p><img src='data:image/png;base64,{image}' width='760' alt=''></p>\n" for image in images)
    _write(path, title, f"<p>{html.escape(note)}</p>\n<table>\n<tr><th></th>{head}</tr>\n{rows}</table>\n{shown}")


def _write(path: str, title: str, body: str) -> None:
    tongue = (language() or "en").replace("_", "-")
    Path(path).write_text(
        f"<!DOCTYPE html><html lang='{tongue}'><head><meta charset='utf-8'><title>{html.escape(title)}</title><style>{_STYLE}</style></head>"
        "\n"
        f"<body><h1>{html.escape(title)}</h1>\n{body}</body></html>\n",
        encoding="utf-8",
    )


def _score(value) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:#.4g}".replace("-", "\u2212", 1)


def _text(value) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{tr(key)} {_text(one)}" for key, one in value.items())
    if isinstance(value, float):
        return f"{value:.4g}"
    return " x ".join(map(str, value)) if isinstance(value, list) else tr(str(value))
