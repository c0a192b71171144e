"""What the bundled model is asked to reach, held against the table."""

from __future__ import annotations

from typing import Any, Callable, Sequence

Row = dict[str, Any]


def done_when(rows: Sequence[Row]) -> list[Row]:
    """Rows (what, asked, reached, met) for what the table can tell; parts that were not run are left out."""
    asked: list[Row] = []

    def ask(what: str, key: str, limit: Callable[[float], bool], words: str, **where: str) -> None:
        for row in rows:
            if row.get("method", "model") == "model" and all(row.get(name) == wanted for name, wanted in where.items()):
                day = ", ".join(["", *(str(row[name]) for name in ("cells", "day", "distance", "case") if name in row)])
                met = "not told" if row[key] != row[key] else "yes" if limit(row[key]) else "no"
                asked.append({"what": what + day, "asked": words, "reached": row[key], "met": met})

    def at_most(most: float) -> Callable[[float], bool]:
        return lambda value: value <= most

    for scheme, most in (("LCCV", 0.95), ("LSCV", 1.0)):
        ask(f"China, {scheme}: RMSE over kriging's", "ratio", at_most(most), f"≤ {most:.2f}", part="real_stations", scheme=scheme)
    ask("USA, LSCV: RMSE over kriging's", "ratio", at_most(1.0), "≤ 1.00", part="usa", scheme="LSCV")
    ask("USA, LSCV, mean of 5 draws of the folds", "ratio", at_most(1.0), "≤ 1.00", part="usa", scheme="LSCV, 5 draws")
    ask("Atlanta, LSCV: RMSE over kriging's", "ratio", at_most(1.0), "≤ 1.00", part="atlanta")
    for source in ("simulated", "CMAQ"):
        ask(
            f"Held-out {source} days from 800 even cells: mean daily r2_det",
            "r2_det",
            lambda v: v >= 0.94,
            "≥ 0.94",
            part="reproduction",
            source=source,
            stations="800 even cells",
        )
    for scheme in ("LSCV", "LCCV"):
        ask(
            f"China, {scheme}: coverage of the 90 % interval",
            "coverage_90",
            lambda v: 0.87 <= v <= 0.93,
            "0.87 to 0.93",
            part="real_stations",
            scheme=scheme,
        )
        ask(f"China, {scheme}: CRPS over kriging's", "crps_ratio", lambda v: v < 1, "< 1.00", part="real_stations", scheme=scheme)
    for wanted, most, worst in (("CV", 0.96, 1.01), ("thinned", 0.97, 1.02)):
        what = "Cities left out" if wanted == "CV" else "15 to 100 cities given"
        about = {"part": "between_stations", "day": "pooled", "scheme": wanted}
        ask(f"{what}: RMSE over the best kriging's", "ratio", at_most(most), f"≤ {most:.2f}", **about)
        ask(f"{what}: the same of the worst day and draw", "worst", at_most(worst), f"≤ {worst:.2f}", **about)
    for level in dict.fromkeys(row["background"] for row in rows if row.get("part") == "background"):
        about = {"part": "background", "background": level}
        ask(f"Background '{level}': RMSE over that without it", "to_without", at_most(1.01), "≤ 1.01", **about)
    for given in ("15 cities", "40 cities", "100 cities"):
        about = {"part": "background", "background": "good", "case": given}
        ask("A good background: RMSE over that without it", "to_without", at_most(0.85), "≤ 0.85", **about)
    for other, words in (("to_rk", "regression kriging"), ("to_evna", "eVNA")):
        below = [row for row in rows if row.get("part") == "background" and row[other] < 1]
        every = [row for row in rows if row.get("part") == "background"]
        if every:
            asked.append(
                {
                    "what": f"With a background: rows in which {words} is beaten",
                    "asked": str(len(every)),
                    "reached": len(below),
                    "met": "yes" if len(below) == len(every) else "no",
                }
            )
    ask("China, LCCV, other cells: RMSE over the best kriging's", "ratio", at_most(1.01), "≤ 1.01", part="other_grids", scheme="LCCV")
    by_distance = {"part": "by_distance", "day": "pooled"}
    ask("Cities left out: bias over the mean", "nmb", lambda v: abs(v) <= 0.05, "-0.05 to 0.05", **by_distance)
    ask("Cities left out: coverage of the 90 % interval", "coverage_90", lambda v: 0.87 <= v <= 0.93, "0.87 to 0.93", **by_distance)
    ask("Cities left out: CRPS over the best kriging's", "crps_ratio", lambda v: v < 1, "< 1.00", **by_distance)
    return asked
