"""The whole evidence for a model's skill, as one table and its figures, in .build/benchmarks/skill.

    make benchmark-skill [MODEL=M] [DATA=DIR]
    $(make -s engine-python) tests/benchmarks/skill/run_all.py [--model M] [--parts PART ...] [--docs]

Every part is also a script of its own. `--docs` writes the tables into docs/skill.md and docs/background.md, between their marks, and the
figures beside them.
Kriging is kept from run to run: the first takes longer. Ends with what the bundled model is asked to reach, and whether it does.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import atlanta  # noqa: E402
import background  # noqa: E402
import between_stations  # noqa: E402
import ctm_networks  # noqa: E402
import ctm_stations  # noqa: E402
import land_bias  # noqa: E402
import missing_inputs  # noqa: E402
import other_grids  # noqa: E402
import other_species  # noqa: E402
import real_stations  # noqa: E402
import reproduction  # noqa: E402
import usa  # noqa: E402
from command_line import add_options, setting_of  # noqa: E402
from cross_validation import OUT, ROOT  # noqa: E402
from done_when import done_when  # noqa: E402
from PIL import Image  # noqa: E402
from ratios_figure import draw_ratios  # noqa: E402
from record import write_record  # noqa: E402
from tables import markdown, write_rows  # noqa: E402

DOCS = ROOT / "docs"
PAGES = (DOCS / "skill.md", DOCS / "background.md")
_SCORES = ("n", "rmse", "ratio", "r2_det", "coverage_90", "crps", "crps_ratio")
_LARGEST, _COLOURS = (1100, 1100), 200  # pixels and colours of a figure on the page: the plugin's zip holds it
# Name, what makes its rows, and the columns that are shown.
PARTS = {
    "real_stations": (real_stations.rows_of, ("day", "scheme", "method", *_SCORES)),
    "ctm_stations": (ctm_stations.rows_of, ("source", "scheme", "method", "days", *_SCORES[1:], "worst")),
    "ctm_networks": (ctm_networks.rows_of, ctm_networks.COLUMNS),
    "usa": (usa.rows_of, ("day", "scheme", "method", *_SCORES)),
    "atlanta": (atlanta.rows_of, ("day", "scheme", "method", *_SCORES)),
    "between_stations": (between_stations.rows_of, between_stations.COLUMNS),
    "by_distance": (between_stations.distance_rows_of, between_stations.DISTANCE_COLUMNS),
    "land_bias": (land_bias.rows_of, land_bias.COLUMNS),
    "background": (background.rows_of, background.COLUMNS),
    "reproduction": (reproduction.rows_of, reproduction.COLUMNS),
    "other_grids": (other_grids.rows_of, ("cells", "day", "scheme", "method", *_SCORES)),
    "other_species": (other_species.rows_of, ("species", "factor", "day", "scheme", "method", *_SCORES)),
    "missing_inputs": (missing_inputs.rows_of, ("source", "scheme", "days", *_SCORES[1:], "worst")),
}
DRAWN = ("between_stations", "by_distance")  # one set of draws for both
FIGURES = ("ratios", "china_2018-02-20", "china_2019-07-18", "usa", "atlanta", "reproduction", "china_36km", "china_pm10", "china_o3")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    parser.add_argument(
        "--parts",
        nargs="*",
        default=list(PARTS),
        metavar="PART",
        help=f"of {', '.join(PARTS)}; of the others, what is on record of this very model is kept",
    )
    parser.add_argument("--draws", type=int, default=between_stations.DRAWS, help=f"of {' and '.join(DRAWN)} (default: %(default)s)")
    parser.add_argument("--docs", action="store_true", help="write the tables and figures into the documentation")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"unknown part {min(unknown)}; there are {', '.join(PARTS)}")
    setting, begin = setting_of(options), time.perf_counter()
    made = []
    for part in options.parts:
        rows_of, columns = PARTS[part]
        started = time.perf_counter()
        rows = rows_of(setting, draws=options.draws) if part in DRAWN else rows_of(setting)
        write_rows(rows, OUT / part, columns)
        made += [{"part": part, **row} for row in rows]
        print(f"## {part}, {time.perf_counter() - started:.0f} s\n\n{markdown(rows, columns)}", flush=True)
    everything = write_record(OUT, setting, options.parts, made)
    tables = {
        part: markdown(rows, columns)
        for part, (_, columns) in PARTS.items()
        if (rows := [row for row in everything if row["part"] == part])
    }
    asked = done_when(everything)
    tables["done_when"] = markdown(asked, ("what", "asked", "reached", "met"))
    write_rows(everything, OUT / "skill", ("part", "day", "source", "scheme", "method", *_SCORES))
    write_rows(asked, OUT / "done_when", ("what", "asked", "reached", "met"))
    draw_ratios(everything, OUT / "ratios.png")
    print(
        f"## done when\n\n{tables['done_when']}\n{setting.model.name}, weights {setting.model.weights_sha256[:12]}, {time.perf_counter() - begin:.0f} s; {OUT}"
    )
    if options.docs:
        write_docs(
            tables,
            f"`{setting.model.name}`, weights `{setting.model.weights_sha256[:12]}…` (SHA-256) of {setting.model.card.get('created', 'unknown')}",
        )
    return 0


def write_docs(tables: dict[str, str], model: str) -> None:
    """Put the tables between their marks on the pages, and copy the figures that these show."""
    texts = {page: page.read_text(encoding="utf-8") for page in PAGES}
    for name, table in {**tables, "model": model + "\n"}.items():
        block, marks = f"<!-- {name} -->\n{table}<!-- end {name} -->", f"<!-- {name} -->\n.*?<!-- end {name} -->"
        page = next((page for page, text in texts.items() if re.search(marks, text, flags=re.DOTALL)), None)
        if page is None:
            sys.exit(f"no page has the marks <!-- {name} --> and <!-- end {name} -->; put them where the table shall stand")
        texts[page] = re.sub(marks, lambda _: block, texts[page], flags=re.DOTALL)
    for page, text in texts.items():
        page.write_text(text, encoding="utf-8")
    (DOCS / "images").mkdir(exist_ok=True)
    for name in FIGURES:
        if (OUT / f"{name}.png").exists():
            with Image.open(OUT / f"{name}.png") as image:
                image.thumbnail(_LARGEST)
                palette = image.convert("RGB").quantize(_COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)
                palette.save(DOCS / "images" / f"skill_{name}.png", optimize=True)


if __name__ == "__main__":
    sys.exit(main())
