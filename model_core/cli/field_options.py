"""The commands that take fields: exposure and comparison."""

from __future__ import annotations

import argparse
from typing import Any

from model_core.cli.common_options import add_out, add_report, add_variables, command


def add_exposure(commands: Any) -> None:
    """``exposure``."""
    parser = command(commands, "exposure", "what people are exposed to: population-weighted means and people above limits, by polygon")
    _add_fields(parser, "of several fields each and their mean are evaluated")
    parser.add_argument("--start", metavar="D", help="first day to take, YYYY-MM-DD (default: that of the fields)")
    parser.add_argument("--end", metavar="D", help="last day to take")
    people = parser.add_argument_group("population")
    people.add_argument(
        "--population",
        required=True,
        metavar="R",
        help="raster with people, of any CRS and resolution: GPW, WorldPop, GHS-POP, IOAPI or another",
    )
    people.add_argument("--population-variable", metavar="NAME", help="its variable or band (default: the only or first one)")
    people.add_argument(
        "--population-is",
        choices=("counts", "density"),
        help="people in each pixel, or people per area (default: as its unit or attributes say)",
    )
    people.add_argument("--population-step", metavar="N|YEAR", help="year or number of the field, where it holds several")
    people.add_argument("--population-crs", metavar="CRS", help="its CRS (default: its own)")
    areas = parser.add_argument_group("polygons")
    areas.add_argument(
        "--polygons", metavar="F", help="vector layer of polygons in any CRS, FILE or FILE|layername=NAME (default: none, only the whole)"
    )
    areas.add_argument("--name-field", metavar="COL", help="field with the polygons' names (default: one called name, else numbers)")
    areas.add_argument("--polygons-crs", metavar="CRS", help="CRS of the polygons (default: the layer's)")
    parser.add_argument(
        "--limit",
        action="append",
        type=float,
        metavar="V",
        help="concentration in the field's unit above which people are counted; may be repeated",
    )
    parser.add_argument(
        "--percentile",
        action="append",
        type=float,
        metavar="P",
        help="percentage of the people: the concentration that so "
        "many are exposed to at most is told; may be repeated (default 5, 25, 50, 75, 95)",
    )
    parser.add_argument("--chart", metavar="F.png", help="bar chart to write")
    add_variables(parser)
    add_report(parser)
    add_out(parser, "F.gpkg|F.csv|F.parquet", "table to write, a row for each polygon")


def add_compareraster(commands: Any) -> None:
    """``compareraster``."""
    parser = command(commands, "compareraster", "a field against satellite AOD or any raster: scores, scatter, maps and difference")
    _add_fields(parser, "of several fields their mean is compared")
    parser.add_argument("--field-unit", metavar="U", help="unit of the fields (default: as the file says)")
    other = parser.add_argument_group("what it is compared with")
    other.add_argument(
        "--other",
        nargs="+",
        required=True,
        metavar="R",
        help="rasters of one variable on one grid: NetCDF, GeoTIFF, or a "
        "subdataset as GDAL names it; of several fields their mean is compared",
    )
    other.add_argument("--other-variable", metavar="NAME", help="its variable or band (default: the only or first one)")
    other.add_argument("--other-unit", metavar="U", help="its unit (default: as the file says)")
    other.add_argument("--other-name", metavar="TEXT", help="what the figures call it (default: its variable)")
    other.add_argument("--other-crs", metavar="CRS", help="its CRS (default: its own)")
    parser.add_argument("--start", metavar="D", help="first day to take of both, YYYY-MM-DD")
    parser.add_argument("--end", metavar="D", help="last day to take")
    parser.add_argument(
        "--mask",
        metavar="F",
        help="vector layer of polygons, FILE or FILE|layername=NAME: cells whose centre lies in one are compared (default: all)",
    )
    parser.add_argument("--mask-crs", metavar="CRS", help="CRS of the mask (default: the layer's)")
    parser.add_argument(
        "--min-valid",
        type=float,
        default=0.5,
        metavar="S",
        help="share of a cell (0 to 1) in which the other raster must have values (default 0.5)",
    )
    add_variables(parser)
    add_report(parser)
    add_out(parser, "DIR", "folder to write scores, figures and the difference into; made where it is missing")


def _add_fields(parser: argparse.ArgumentParser, several: str) -> None:
    parser.add_argument(
        "--fields",
        nargs="+",
        required=True,
        metavar="F",
        help=f"GeoTIFF or NetCDF files with fields of one variable on one grid, or folders of them; {several}",
    )
    parser.add_argument(
        "--variable",
        metavar="NAME",
        help="variable of a NetCDF file, or number or description of a band, or 'all' bands (default: the known variable, the first band)",
    )
