"""Options that say where readings are and what the columns of their table mean."""

from __future__ import annotations

import argparse
from typing import Any

from model_core.cli.common_options import add_air, positive
from model_core.stations import forms
from model_core.stations.source import DATE_ORDERS, STAMPS, WIDE

# Options of a further table, each under the name of its variable.
_OF_A_TABLE = (
    ("time", "COL[+COL]", "column of their time"),
    ("id", "COL[+COL]", "column of their station id"),
    ("x", "COL", "column of x"),
    ("y", "COL", "column of y"),
    ("sites", "F", "places of their stations"),
    ("sites-id", "COL", "its column of the code"),
    ("time-zone", "Z", "whose days count"),
    ("times-in", "Z", "zone of their times"),
    ("from", "FORM", "published form of their table"),
    ("unit-column", "COL", "column of their unit"),
    ("stamp", "start|end", "whether hourly times stand at the start or the end of their hour"),
    ("date-order", "ORDER", "order of day, month and year"),
    ("encoding", "NAME", "encoding of their file"),
    ("decimal", "SIGN", "decimal sign"),
    ("wide", "yes|no|auto", "whether there is one column per station"),
)


def add_stations(parser: argparse.ArgumentParser, species: bool = False, repeats: str = "") -> None:
    """The readings of one day, with `--date` and `--group`."""
    group = add_table(parser, "CSV, spreadsheet, Parquet or vector file with the readings, or a folder of them", species, repeats=repeats)
    group.add_argument("--date", metavar="D", help="the day to use, YYYY-MM-DD, by --time; without --time the day of all readings")
    group.add_argument("--group", metavar="COL", help="column of the city or another grouping")


def add_table(parser: argparse.ArgumentParser, what: str, species: bool = False, required: bool = True, repeats: str = "") -> Any:
    """A table of readings and the meaning of its columns; the group of the options.

    `repeats` names the kind of output, such as F.tif, that the command makes again where ``--from`` is one.
    """
    group = parser.add_argument_group("stations", "a published form is recognised by its header; what is named here overrules it")
    group.add_argument(
        "--stations",
        required=required and not repeats,
        metavar="F",
        help=what + ("; with an output to repeat: where it is now" * bool(repeats)),
    )
    group.add_argument(
        "--from",
        default="auto",
        metavar=f"FORM|{repeats}" if repeats else "FORM",
        help="published form of the table: auto (default), none, or one of "
        + ", ".join(forms.NAMES)
        + (
            f"; or an output of this command ({repeats}) to repeat from what it says of its making, which refuses changed inputs"
            * bool(repeats)
        ),
    )
    group.add_argument(
        "--value",
        metavar="COL",
        help="column of the readings; in a table with a column per station the name of the variable (default: the form's, else the one "
        "that is called like the species)",
    )
    if species:
        group.add_argument(
            "--species",
            default="pm25",
            metavar="SPECIES",
            help="what is read: pm25 (default), pm10, o3, no2, so2, co, or a variable of the variable table (--variables)",
        )
    group.add_argument("--variables", metavar="F", help="TOML file that extends or overrides the known variables")
    group.add_argument("--unit", metavar="U", help="unit of the readings (default: the form's, else that of the variable)")
    group.add_argument("--unit-column", metavar="COL", help="column that says the unit row by row")
    group.add_argument(
        "--time",
        metavar="COL[+COL]",
        help="column of the time, or several that make it together, such as 'Date Local+Time Local' (not needed where the "
        "files' names say the date)",
    )
    group.add_argument(
        "--date-order",
        choices=DATE_ORDERS,
        default="auto",
        help="order of day, month and year in times such as 05/04/22 (default: by evidence in the column, or by the day that is asked for)",
    )
    group.add_argument("--stamp", choices=STAMPS, help="whether hourly times stand at the start (default) or the end of their hour")
    group.add_argument(
        "--id", metavar="COL[+COL]", help="column of the station's id, or several that make it together (default: a station is its place)"
    )
    group.add_argument(
        "--where",
        action="append",
        metavar="COL=V[,V]",
        help="rows to keep, such as parameter=pm25; also !=, >=, <=, >, <; may be repeated, all must hold",
    )
    group.add_argument(
        "--error",
        action="append",
        metavar="COL|N|N%|NAME=N%",
        help="standard deviation of a reading about the truth: its column (COL in the readings' unit, 'COL%%' in per cent), a number or per "
        "cent for all, or one for each network with --network, such as --error reference=5%% --error sensor=30%%; may be repeated",
    )
    group.add_argument("--network", metavar="COL", help="column of the network of a reading, for --error NAME=N")
    group.add_argument("--sites", metavar="F", help="table with the places of the stations by their code")
    group.add_argument("--sites-id", metavar="COL", help="its column of the code (default: the one that holds the readings' codes)")
    group.add_argument("--wide", choices=WIDE, default="auto", help="whether there is one column per station (default: by the header)")
    group.add_argument("--x", metavar="COL", help="column of x or longitude (default: by name, or the geometry)")
    group.add_argument("--y", metavar="COL", help="column of y or latitude")
    group.add_argument("--crs", metavar="CRS", help="of the coordinates (default EPSG:4326, or the layer's)")
    group.add_argument("--encoding", metavar="NAME", help="encoding of a text file (default: found)")
    group.add_argument("--decimal", choices=(".", ","), help="decimal sign (default: found)")
    add_air(group)
    group.add_argument("--time-zone", metavar="Z", help="whose days count, such as Asia/Shanghai (default: as the table writes them)")
    group.add_argument(
        "--times-in", metavar="Z", help="zone of times in the table that carry no offset (default: the form's, else --time-zone)"
    )
    group.add_argument(
        "--hours", type=positive, metavar="N", help="valid hours that a daily mean needs, where the table is hourly (default 19)"
    )
    return group


def add_further_readings(parser: argparse.ArgumentParser) -> None:
    """Readings of further station variables, each with the options of its own table."""
    group = parser.add_argument_group(
        "further readings",
        "a table of their own is read by the same column names where it has them; other "
        "options of theirs carry their name, such as --rh-time",
    )
    for key, name, unit in (("rh", "relative humidity", "%%"), ("wind", "wind speed", "m s-1")):
        group.add_argument(f"--{key}", metavar="F:COL", help=f"readings of {name}: file and column")
        group.add_argument(f"--{key}-unit", metavar="U", help=f"their unit (default {unit})")
        group.add_argument(f"--{key}-crs", metavar="CRS", help="CRS of their coordinates (default: as --crs)")
        for option, metavar, text in _OF_A_TABLE:
            group.add_argument(f"--{key}-{option}", metavar=metavar, help=f"{text} (--{key})")
        group.add_argument(f"--{key}-where", action="append", metavar="COL=V[,V]", help=f"rows to keep (--{key})")
    group.add_argument(
        "--input",
        action="append",
        dest="inputs",
        metavar="NAME=F:COL",
        help="readings of any station variable that the model knows, such as temperature=weather.csv:t2m; may be repeated",
    )
    group.add_argument(
        "--input-option",
        action="append",
        dest="input_options",
        metavar="NAME.OPTION=V",
        help="an option of their table, such as temperature.unit=degC or temperature.time=valid; may be repeated",
    )
