"""The options of ``aggregate``."""

from __future__ import annotations

from typing import Any

from model_core.cli.common_options import add_level, add_out, command
from model_core.cli.station_options import add_table

# As aggregate.periods.BY, aggregate.daily_values.DAILY and aggregate.limits.limit_sets have them; a test holds them equal.
BY = ("period", "month", "season", "year", "monthly-climatology", "seasonal-climatology")
DAILY = ("mean", "max8h", "max1h")
LIMITS = ("who2021", "cn2012-1", "cn2012-2", "cn2026-transition", "cn2026-1", "cn2026-2", "eu2008", "eu2030", "us2024")


def add_aggregate(commands: Any) -> None:
    """The command and its options."""
    parser = command(
        commands, "aggregate", "daily or hourly fields to means, exceedance days and percentiles of periods, set against limits"
    )
    parser.add_argument(
        "--fields",
        nargs="+",
        required=True,
        metavar="F",
        help="files of fields: what `reanalyse-period` writes, daily GeoTIFF or "
        "NetCDF of `reanalyse`, or any CF NetCDF of days or hours; also folders, and patterns such as 'DIR/*.tif'",
    )
    parser.add_argument("--species", metavar="SPECIES", help="species of the fields (default: what the files say)")
    parser.add_argument(
        "--by",
        choices=BY,
        default=BY[0],
        help="what is put together: the whole period (default), each month, season or year, or "
        "the same months or seasons of all years; December belongs to the winter of the next year",
    )
    parser.add_argument("--start", metavar="D", help="first day, YYYY-MM-DD (default: that of the fields)")
    parser.add_argument("--end", metavar="D", help="last day (default: that of the fields)")
    parser.add_argument(
        "--minimum-share",
        type=float,
        default=0.75,
        metavar="S",
        help="share of a period's days that must be valid in a cell, 0 to 1 (default 0.75)",
    )
    parser.add_argument(
        "--station-share", type=float, metavar="S", help="the same for stations, which may be read on fewer days (default: as the fields)"
    )
    parser.add_argument(
        "--daily",
        choices=DAILY,
        default=DAILY[0],
        help="value of a day: mean (default), the largest 8-hour mean, or the largest hour; "
        "made of hourly fields, or what daily fields are",
    )
    parser.add_argument(
        "--above", nargs="+", type=float, default=[], metavar="V", help="also count the days above these values, in the unit of the species"
    )
    parser.add_argument(
        "--percentiles", nargs="+", type=float, default=[], metavar="P", help="also write these percentiles of the days, such as 98"
    )
    parser.add_argument(
        "--limits",
        nargs="+",
        default=[],
        choices=(*LIMITS, "all"),
        metavar="SET",
        help=f"set the days, and by year the attainment, against these sets of limits: {', '.join(LIMITS)}, all",
    )
    parser.add_argument(
        "--uncertainty",
        choices=("none", "bound"),
        default="none",
        help="bound: also write an upper bound of the mean's standard deviation, from fields made with --uncertainty sd",
    )
    parser.add_argument(
        "--mask", metavar="F", help="polygon layer, whose cells count for shares of the area and of stations and are drawn (default: all)"
    )
    parser.add_argument("--panel", metavar="F.png", help="also draw the mean of each period, up to 12")
    parser.add_argument("--outline", metavar="F", help="polygon or line layer to draw over the panel, such as provinces")
    parser.add_argument("--station-means", metavar="F.gpkg|F.csv|F.parquet", help="also write the stations' statistics of each period")
    parser.add_argument("--table", metavar="F.csv", help="also write means of the area, and shares of area and stations above each limit")
    add_table(parser, "readings of stations of the same days, for their means beside the field: a table, folder or pattern", required=False)
    add_level(parser)
    add_out(parser, "F.nc|DIR", "NetCDF of all periods, or a folder for a GeoTIFF of each")
