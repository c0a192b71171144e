"""The command `describe`."""

from __future__ import annotations

from typing import Any

from model_core.cli.common_options import add_grid, add_level, add_out, command
from model_core.cli.station_options import add_further_readings, add_table


def add_describe(commands: Any) -> None:
    """Networks, correlations, kernels and wind."""
    parser = command(commands, "describe", "pictures and numbers of a user's networks, of how variables go together, and of kernels")
    parser.add_argument("--model", default="bundled", metavar="bundled|NAME|FILE", help="trained model (default bundled)")
    group = add_table(parser, "table of readings; without one there is no picture of the networks", required=False)
    group.add_argument("--start", metavar="D", help="first day of readings and CTM, YYYY-MM-DD (default: all)")
    group.add_argument("--end", metavar="D", help="last day (default: all)")
    add_further_readings(parser)
    parser.add_argument(
        "--pair-km",
        type=float,
        metavar="L",
        help="distance up to which a station of another variable stands for the place of a reading, in the correlations (default 50)",
    )
    parser.add_argument(
        "--ctm",
        nargs="+",
        metavar="F",
        help="NetCDF files, or folders of them, that are one series: for correlations, "
        "and for the wind where they have its components or its direction",
    )
    parser.add_argument("--lead-day", type=int, metavar="N", help="day of each forecast to take, where files are forecasts")
    parser.add_argument(
        "--covariates",
        metavar="F",
        help="maps at the stations, which overrule those of the CTM files, which overrule the "
        "model's own: NetCDF or GeoTIFF, as `covariates` writes them",
    )
    add_grid(parser, None, "grid of the networks, and to bring the CTM onto (default: the model's, and the CTM's own)")
    parser.add_argument("--cache", metavar="DIR", help="folder for the prepared daily fields (default: daily_fields in --out)")
    add_level(parser)
    add_out(parser, "DIR", "folder to write pictures and tables into; made where it is missing")
