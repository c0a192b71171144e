"""Options that several commands share."""

from __future__ import annotations

import argparse
from typing import Any

AUTO = "auto"


def command(commands: Any, name: str, summary: str) -> argparse.ArgumentParser:
    """A subcommand, with ``--json``."""
    parser = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
    parser.add_argument("--json", action="store_true", help="print the result as JSON on stdout")
    return parser


def add_grid(parser: argparse.ArgumentParser, default: str | None, text: str = "") -> None:
    """The grid."""
    text = text or f"grid (default {default})"
    auto = "auto (the model's where most stations lie on it, else one around them), " if default == AUTO else ""
    parser.add_argument(
        "--grid",
        default=default,
        metavar="G",
        help=f"{text}: {auto}china12km, conus12km, a NetCDF or raster file, or xmin,ymin,xmax,ymax,cell@CRS",
    )


def add_device(parser: argparse.ArgumentParser) -> None:
    """CPU or GPU."""
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="default: a GPU if there is one")


def add_variables(parser: argparse.ArgumentParser) -> None:
    """The table of variables, the level of CTM files, and at which gases convert where the files do not know their air."""
    parser.add_argument("--variables", metavar="F", help="TOML file that extends or overrides the known variables")
    add_level(parser)
    add_air(parser)


def add_level(parser: argparse.ArgumentParser) -> None:
    """The level of CTM files."""
    parser.add_argument(
        "--level", metavar="L", help="level of CTM files to read: first, last, or a value of their level axis (default: the surface)"
    )


def add_air(parser: Any) -> None:
    """Temperature and pressure at which mixing ratios become concentrations."""
    parser.add_argument(
        "--gas-temperature",
        type=float,
        metavar="K",
        help="at which ppb and ppm become ug m-3 where the files do not know their air (default 293.15; 298.15 is usual too)",
    )
    parser.add_argument("--gas-pressure", type=float, metavar="HPA", help="likewise (default 1013.25)")


def add_out(parser: argparse.ArgumentParser, metavar: str, text: str = "file to write") -> None:
    """What is written."""
    parser.add_argument("--out", required=True, metavar=metavar, help=text)


def add_report(parser: argparse.ArgumentParser, style: bool = False) -> None:
    """A report, and with `style` the colours of its maps."""
    parser.add_argument("--report", metavar="F.html", help="also write a report: one page that needs no other file")
    if style:
        add_style(parser)


def add_style(parser: argparse.ArgumentParser) -> None:
    """The colours of maps."""
    parser.add_argument(
        "--style",
        choices=("continuous", "china", "us", "eu"),
        default="continuous",
        help="colours of maps: one ramp (default), or the classes of China (HJ 633 of the date), of the US EPA (2024) or of "
        "the European Air Quality Index",
    )


def add_full_paths(parser: argparse.ArgumentParser) -> None:
    """How inputs are named in the output."""
    parser.add_argument(
        "--full-paths", action="store_true", help="name the inputs in the output by their full paths (default: by their file names alone)"
    )


def positive(text: str) -> int:
    """A whole number from 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, got {number}")
    return number


def add_machine(parser: argparse.ArgumentParser) -> None:
    """How the machine is used."""
    parser.add_argument(
        "--precision", choices=("auto", "fp32", "bf16", "fp16"), default="auto", help="default: the fastest that is right on this machine"
    )
    parser.add_argument(
        "--memory",
        type=positive,
        metavar="MB",
        help="memory that prediction may take (default 4000); larger grids are predicted in overlapping windows",
    )


def add_background(parser: argparse.ArgumentParser) -> None:
    """A CTM's field of the day."""
    parser.add_argument(
        "--background",
        nargs="+",
        metavar="F",
        help="NetCDF files, or folders of them, with a CTM's field of the day or days "
        "(a run or a forecast of CMAQ, WRF-Chem, CAMS, ..., on any grid): as much of it is taken as the readings confirm",
    )
    parser.add_argument("--background-variable", metavar="NAME", help="its variable in these files (default: recognised by its name)")
    parser.add_argument("--background-lead-day", type=int, metavar="N", help="day of each forecast to take, where its files overlap")


def add_groupings(parser: argparse.ArgumentParser) -> None:
    """By what scores are told apart, beside month and season."""
    parser.add_argument(
        "--periods",
        nargs="+",
        metavar="NAME=D..D",
        help="days that are scored by themselves, and all others, such as lockdown=2020-01-23..2020-04-08; a name may have several spans",
    )
    parser.add_argument(
        "--regions",
        metavar="F[:FIELD]",
        help="polygons that are scored by themselves: vector file and the field of their names (default: their number)",
    )
