"""Two cross-validations of the same readings and folds side by side, and whether their difference may be chance.

    python resources/recipes/compare_scores.py lead/day1 lead/day5

The folders are those that `crossvalidate` wrote. The interval of the ratio is by bootstrap of whole groups (stations where there are none),
because readings of one city go together.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from model_core.errors import InputError  # noqa: E402
from model_core.scores import scores  # noqa: E402

DRAWS, SEED = 2000, 0
SHOWN = ("n", "rmse", "mae", "nme", "r2_det", "r2_pearson")
_SAME = ["id", "time", "x", "y", "fold", "observed"]


def compare(first: Path, second: Path) -> tuple[pd.DataFrame, tuple[float, float, float]]:
    """(scores of both, a row each; RMSE of the second over that of the first, with its 5 and 95 % quantiles).

    Raises
    ------
    InputError
        If a folder holds no predictions, or the two are not of the same readings and folds.
    """
    tables = [_predictions(folder) for folder in (first, second)]
    if len(tables[0]) != len(tables[1]) or not tables[0][_SAME].equals(tables[1][_SAME]):
        raise InputError(f"'{first}' and '{second}' are not of the same readings and folds; use the same table, scheme, folds and seed")
    rows = pd.DataFrame([scores(table["predicted"], table["observed"]) for table in tables], [str(first), str(second)])[list(SHOWN)]
    squared = np.stack([(table["predicted"] - table["observed"]) ** 2 for table in tables])
    group = pd.factorize(tables[0]["group"].fillna(tables[0]["id"]))[0]
    sums = np.stack([np.bincount(group, errors) for errors in squared])
    drawn = np.random.default_rng(SEED).integers(0, sums.shape[1], (DRAWS, sums.shape[1]))
    ratios = np.sqrt(sums[1][drawn].sum(1) / sums[0][drawn].sum(1))
    return rows, (float(np.sqrt(sums[1].sum() / sums[0].sum())), *map(float, np.quantile(ratios, (0.05, 0.95))))


def _predictions(folder: Path) -> pd.DataFrame:
    path = folder / "predictions.csv"
    if not path.is_file():
        raise InputError(f"'{folder}' holds no predictions.csv; name a folder that crossvalidate wrote")
    return pd.read_csv(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("first", type=Path, metavar="DIR")
    parser.add_argument("second", type=Path, metavar="DIR")
    options = parser.parse_args()
    try:
        rows, (ratio, low, high) = compare(options.first, options.second)
    except InputError as error:
        parser.error(str(error))
    print(rows.to_string(float_format="%.3f"))
    print(f"RMSE of the second over the first: {ratio:.3f} (90 % interval {low:.3f} to {high:.3f})")


if __name__ == "__main__":
    main()
