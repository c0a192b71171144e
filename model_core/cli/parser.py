"""The commands and their options."""

from __future__ import annotations

import argparse
from typing import Any

from model_core import __version__
from model_core.cli.aggregate_options import add_aggregate
from model_core.cli.common_options import (
    AUTO,
    add_background,
    add_device,
    add_full_paths,
    add_grid,
    add_groupings,
    add_level,
    add_machine,
    add_out,
    add_report,
    add_style,
    add_variables,
    command,
    positive,
)
from model_core.cli.describe import add_describe
from model_core.cli.field_options import add_compareraster, add_exposure
from model_core.cli.station_options import add_further_readings, add_stations, add_table


def build_parser() -> argparse.ArgumentParser:
    """The commands and their options; a request key is the option's name with underscores."""
    parser = argparse.ArgumentParser(prog="ctm-reanalysis", description="Station readings to gridded air-quality fields.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    info = command(commands, "info", "versions, device, models found")
    info.add_argument(
        "--diagnostics",
        action="store_true",
        help="also system, processor, memory, libraries and the last log, to send with a question; no path, user or computer name is in it",
    )
    info.add_argument(
        "--speed", action="store_true", help="also how many days a minute the bundled model predicts here, measured on a part of its grid"
    )
    info.add_argument("--personal", action="store_true", help="with --diagnostics: leave paths and names as they are")
    inspect = command(commands, "inspect", "grid, times and recognised variables of a CTM file")
    inspect.add_argument("file", metavar="FILE")
    add_variables(inspect)

    grid_stations = command(commands, "grid-stations", "station readings to a raster of cell means and counts")
    add_stations(grid_stations, species=True)
    add_grid(grid_stations, AUTO)
    add_out(grid_stations, "F.tif")

    read_stations = command(
        commands, "read-stations", "a table of readings in any form to a clean table of points, with an account of every row"
    )
    add_table(read_stations, "table of readings, a folder of tables, or a pattern such as DIR/{date:%%Y%%m%%d}.csv", species=True)
    read_stations.add_argument("--group", metavar="COL", help="column of the city or another grouping")
    read_stations.add_argument("--date", metavar="D", help="one day, YYYY-MM-DD")
    read_stations.add_argument("--start", metavar="D", help="first day (default: that of the readings)")
    read_stations.add_argument("--end", metavar="D", help="last day (default: that of the readings)")
    read_stations.add_argument("--step", choices=("day", "hour"), default="day", help="daily means (default), or the hours themselves")
    add_out(read_stations, "F.gpkg|F.csv|F.parquet")

    reanalyse = command(commands, "reanalyse", "a day's station readings to a complete field")
    add_stations(reanalyse, repeats="F.tif|F.nc")
    _add_prediction(reanalyse)
    add_machine(reanalyse)
    add_report(reanalyse, style=True)
    reanalyse.add_argument(
        "--readings", metavar="F.gpkg|F.csv|F.parquet", help="also write the readings that were used, with the field's value at each"
    )
    add_full_paths(reanalyse)
    add_out(reanalyse, "F.tif|F.nc")

    _add_period(commands)
    add_aggregate(commands)
    _add_train(commands)
    _add_crossvalidate(commands)
    add_describe(commands)

    reproduce = command(commands, "reproduce", "CTM days from their station cells, scored against the whole field")
    reproduce.add_argument("--ctm", nargs="+", required=True, metavar="F", help="NetCDF files, or folders of them, that are one series")
    reproduce.add_argument("--model", required=True, metavar="bundled|NAME|FILE", help="trained model")
    add_grid(reproduce, None, "grid to bring the CTM onto (default: its own)")
    sites = reproduce.add_mutually_exclusive_group()
    sites.add_argument("--stations", metavar="F", help="table of stations, whose cells are read")
    sites.add_argument(
        "--points",
        type=positive,
        metavar="N",
        help="number of random land cells to read (default: 800, or a tenth of the land if that is less)",
    )
    reproduce.add_argument("--x", metavar="COL", help="the table's column of x or longitude (default: by name, or the geometry)")
    reproduce.add_argument("--y", metavar="COL", help="its column of y or latitude")
    reproduce.add_argument("--crs", metavar="CRS", help="of its coordinates (default EPSG:4326, or the layer's)")
    for key, name in (("rh", "relative humidity"), ("wind", "wind speed")):
        reproduce.add_argument(f"--{key}-stations", metavar="F", help=f"table of the stations of {name} (default: the same cells)")
        for option, what in (("x", "its column of x or longitude"), ("y", "its column of y or latitude"), ("crs", "of its coordinates")):
            reproduce.add_argument(f"--{key}-{option}", metavar="CRS" if option == "crs" else "COL", help=f"{what} (--{key}-stations)")
    reproduce.add_argument("--mask", metavar="china|F", help="polygons that are scored: mainland China, or a vector file (default: land)")
    reproduce.add_argument(
        "--covariates",
        metavar="F",
        help="maps that overrule those of the CTM files, which overrule the model's own: NetCDF or GeoTIFF, as `covariates` writes them",
    )
    reproduce.add_argument("--start", metavar="D", help="first day, YYYY-MM-DD (default: days that the model was not trained on)")
    reproduce.add_argument("--end", metavar="D", help="last day")
    reproduce.add_argument("--time-zone", default="UTC", metavar="Z", help="whose days hourly fields are averaged over (default UTC)")
    reproduce.add_argument("--lead-day", type=int, metavar="N", help="day of each forecast to take, where files are forecasts")
    reproduce.add_argument("--cache", metavar="DIR", help="folder for the prepared daily fields (default: daily_fields in --out)")
    reproduce.add_argument("--seed", type=int, default=0, metavar="S", help="the same seed gives the same random cells")
    add_groupings(reproduce)
    add_variables(reproduce)
    add_device(reproduce)
    add_report(reproduce)
    add_out(reproduce, "DIR", "folder to write scores and figures into; made where it is missing")

    _add_evaluate_ctm(commands)

    simulate = command(commands, "simulate", "days of the demonstration CTM")
    add_grid(simulate, "china12km")
    simulate.add_argument("--start", default="2018-01-01", metavar="D", help="first day, YYYY-MM-DD (default 2018-01-01)")
    simulate.add_argument("--days", type=positive, default=10, metavar="N", help="number of days (default 10)")
    simulate.add_argument("--seed", type=int, default=0, metavar="S", help="the same seed gives the same days")
    simulate.add_argument("--gases", action="store_true", help="nitrogen dioxide and ozone too; the other fields stay the same")
    simulate.add_argument("--terrain", metavar="F", help="NetCDF with elevation and urban fraction (default: invented)")
    add_out(simulate, "F.nc")

    covariates = command(commands, "covariates", "elevation, urban and land fraction of a grid")
    add_grid(covariates, "china12km")
    covariates.add_argument("--dem", metavar="R", help="raster of heights, any CRS and resolution: elevation and its spread in the cell")
    covariates.add_argument("--dem-unit", metavar="U", help="unit of the heights (default: as the raster says, else m)")
    covariates.add_argument("--dem-crs", metavar="CRS", help="CRS of the DEM (default: its own)")
    covariates.add_argument("--sea-floor", action="store_true", help="the DEM holds the floor of the sea: heights below zero count as zero")
    covariates.add_argument("--landcover", metavar="R", help="raster of land-cover classes, any CRS and resolution")
    covariates.add_argument("--landcover-crs", metavar="CRS", help="CRS of the land cover (default: its own)")
    covariates.add_argument("--urban-classes", nargs="+", type=int, metavar="N", help="its urban classes (13 in IGBP, 50 in WorldCover)")
    covariates.add_argument("--water-classes", nargs="+", type=int, metavar="N", help="its water classes; the rest is land")
    covariates.add_argument("--mcip", metavar="F", help="MCIP's GRIDCRO2D or its like, for maps that the rasters do not give")
    add_out(covariates, "F.nc|F.tif")

    modelcard = command(commands, "modelcard", "the card of a model, as one page: what it is, data, recipe, scores, limits")
    modelcard.add_argument("--model", default="bundled", metavar="bundled|NAME|FILE", help="trained model (default bundled)")
    add_out(modelcard, "F.html|F.md")

    animate = command(commands, "animate", "a period's fields as a GIF, an MP4 (where ffmpeg is installed) or a folder of pictures")
    animate.add_argument("--series", required=True, metavar="F.nc|F.zarr|DIR", help="what reanalyse-period has written")
    animate.add_argument("--species", default="pm25", metavar="SPECIES", help="variable to show (default pm25)")
    add_style(animate)
    animate.add_argument("--seconds", type=float, default=0.5, metavar="S", help="how long each step is shown (default 0.5)")
    animate.add_argument("--width", type=positive, default=900, metavar="N", help="width of the pictures in pixels (default 900)")
    add_out(animate, "F.gif|F.mp4|DIR")
    add_exposure(commands)
    add_compareraster(commands)

    worker = commands.add_parser("worker", help="JSON-lines server for the plugin", description="JSON-lines server for the plugin")
    worker.add_argument("--idle-seconds", type=float, default=900.0, metavar="N", help="stop after so long without a request")
    return parser


def _add_period(commands: Any) -> None:
    period = command(commands, "reanalyse-period", "station readings of a period to a complete field for each day or hour")
    add_table(
        period,
        "table with a time column (CSV, Parquet, vector file); a pattern such as DIR/{date:%%Y%%m%%d}.csv "
        "for a file per day or hour; or a folder",
        repeats="F.nc|F.zarr|DIR",
    )
    period.add_argument("--start", metavar="D", help="first day, YYYY-MM-DD (default: that of the readings)")
    period.add_argument("--end", metavar="D", help="last day (default: that of the readings)")
    period.add_argument("--step", choices=("day", "hour"), default="day", help="what a field is made for (default day)")
    _add_prediction(period)
    add_machine(period)
    add_report(period, style=True)
    add_full_paths(period)
    period.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="compute on the workers of this Dask scheduler (tcp://HOST:8786, or its "
        "scheduler file); they must see the model and the output under the same path",
    )
    following = period.add_argument_group("near real time")
    following.add_argument(
        "--follow",
        action="store_true",
        help="go on as readings arrive: compute each day or hour when its readings are "
        "there, and again when late ones change it; ends with Ctrl+C",
    )
    following.add_argument("--every", type=float, metavar="SECONDS", help="how often to look (default 60)")
    following.add_argument(
        "--until", metavar="WHEN", help="stop then, YYYY-MM-DD (the end of that day) or YYYY-MM-DDTHH:MM, by this machine's clock"
    )
    add_out(
        period,
        "F.nc|F.zarr|DIR",
        "NetCDF or Zarr of the whole period, or a folder for a GeoTIFF per step; run again, only what is missing or changed is computed",
    )


def _add_crossvalidate(commands: Any) -> None:
    parser = command(commands, "crossvalidate", "a model against stations that it was not given, beside interpolators")
    add_stations(parser)
    folds = parser.add_argument_group("folds")
    folds.add_argument(
        "--scheme",
        choices=("stations", "groups", "cells", "blocks", "thin"),
        default="stations",
        help="what is left out together: stations (default), whole groups by --group, grid cells, or square blocks; or "
        "thin: few groups (stations where there is no --group) are given and all others asked for",
    )
    folds.add_argument("--folds", type=positive, default=10, metavar="N", help="number of folds, the same on all days (default 10)")
    folds.add_argument("--seed", type=int, default=0, metavar="S", help="the same seed gives the same folds")
    folds.add_argument("--block-km", type=float, default=200.0, metavar="L", help="side of a block (default 200)")
    folds.add_argument("--given", nargs="+", type=positive, metavar="N", help="groups that a thinned network has (default 15 40 100)")
    folds.add_argument("--draws", type=positive, default=5, metavar="N", help="draws of each thinned network (default 5)")
    parser.add_argument(
        "--baselines",
        metavar="B,B",
        help="interpolators on the same folds: idw, ok, oklog, vna; with maps ked, kedlog; "
        "with --ctm also ctm, avna, evna, rk, rklog; '' for none (default idw,ok,oklog,ked,kedlog, and with --ctm "
        "all that need it)",
    )
    parser.add_argument(
        "--ctm", nargs="+", metavar="F", help="NetCDF files with the CTM's fields of the days, for the baselines that need them"
    )
    parser.add_argument(
        "--analysis",
        choices=("off", "auto", "network", "kriging", "on"),
        default="off",
        help="as in `reanalyse`; auto chooses anew for each fold, from the stations that are not left out (default off)",
    )
    add_groupings(parser)
    _add_prediction(parser, uncertainty=False)
    add_level(parser)
    add_report(parser)
    add_out(parser, "DIR", "folder to write scores, predictions, points and a figure into; made where it is missing")


def _add_evaluate_ctm(commands: Any) -> None:
    parser = command(commands, "evaluate-ctm", "a CTM run against station readings, daily and overall")
    parser.add_argument(
        "--ctm",
        nargs="+",
        required=True,
        metavar="F",
        help="NetCDF files, or folders of them, that are one series: daily or hourly fields, whose days are averaged in --time-zone",
    )
    add_stations(parser, species=True)
    parser.add_argument("--start", metavar="D", help="first day, YYYY-MM-DD (default: that of the readings)")
    parser.add_argument("--end", metavar="D", help="last day (default: that of the readings)")
    add_grid(parser, None, "grid to bring the CTM onto (default: its own)")
    parser.add_argument("--lead-day", type=int, metavar="N", help="day of each forecast to take, where files are forecasts")
    parser.add_argument("--cache", metavar="DIR", help="folder for the prepared daily fields (default: daily_fields in --out)")
    add_groupings(parser)
    add_level(parser)
    add_out(parser, "DIR", "folder to write scores, pairs, points and pictures into; made where it is missing")


def _add_train(commands: Any) -> None:
    train = command(commands, "train", "a model from CTM files")
    train.add_argument(
        "--ctm",
        nargs="+",
        required=True,
        metavar="F",
        help="NetCDF files, or folders of them: daily or hourly fields; files that complement or follow each other are put together",
    )
    train.add_argument("--config", default="improved", metavar="paper|paper_literal|improved|F", help="configuration (default improved)")
    train.add_argument("--from", metavar="bundled|NAME|FILE", help="model to start from, whose network and inputs are kept")
    train.add_argument("--target", metavar="SPECIES", help="species whose field comes out (default: as configured)")
    train.add_argument("--inputs", nargs="+", metavar="VAR", help="station variables beside the target, or none")
    train.add_argument("--maps", nargs="+", metavar="VAR", help="maps that are inputs, or none")
    train.add_argument(
        "--covariates", metavar="F", help="maps that overrule those of the CTM files: NetCDF or GeoTIFF, as `covariates` writes them"
    )
    add_grid(train, None, "grid to bring all files onto (default: the grid of the first, which all must share)")
    layout = train.add_argument_group("layout of real stations")
    layout.add_argument(
        "--layout", metavar="F", help="table of stations, whose positions serve as nominal stations (with improved: as one of its layouts)"
    )
    layout.add_argument("--x", metavar="COL", help="column of x or longitude (default: by name, or the geometry)")
    layout.add_argument("--y", metavar="COL", help="column of y or latitude")
    layout.add_argument("--crs", metavar="CRS", help="of the coordinates (default EPSG:4326, or the layer's)")
    train.add_argument("--time-zone", default="UTC", metavar="Z", help="whose days hourly fields are averaged over (default UTC)")
    train.add_argument("--lead-day", type=int, metavar="N", help="day of each forecast to take, where files are forecasts")
    held_out = train.add_argument_group("days held out", "never trained on, and what the model is validated with")
    held_out.add_argument("--validation-share", type=float, metavar="S", help="last share of each series (default: as configured)")
    held_out.add_argument("--validation-start", metavar="D", help="first day held out, YYYY-MM-DD")
    held_out.add_argument("--validation-end", metavar="D", help="last day held out")
    length = train.add_mutually_exclusive_group()
    length.add_argument("--iterations", type=positive, metavar="N", help="training steps (default: as configured)")
    length.add_argument("--epochs", type=positive, metavar="N", help="passes over all days, instead of iterations")
    train.add_argument("--batch", type=positive, metavar="N", help="samples per step and process (default: as configured)")
    train.add_argument(
        "--accumulate",
        type=positive,
        metavar="N",
        help="compute a batch in N equal parts, one after the other: less memory, "
        "and batch normalisation over a part (default: as configured)",
    )
    train.add_argument(
        "--background-batches",
        type=float,
        metavar="S",
        help="share of the batches whose days are given an imperfect version of themselves as background, from 0 to 1, so that the model learns "
        "what to take of one (--background of reanalyse); 1, with --from, trains nothing else (default: as configured)",
    )
    train.add_argument("--learning-rate", type=float, metavar="R", help="largest step (default: as configured)")
    train.add_argument("--seed", type=int, default=0, metavar="S")
    train.add_argument("--resume", action="store_true", help="go on from the checkpoint beside the model")
    train.add_argument("--cache", metavar="DIR", help="folder for the prepared daily fields (default: daily_fields beside the model)")
    train.add_argument("--precision", choices=("auto", "float32", "bfloat16"), default="auto", help="default: bfloat16 where it is fast")
    add_variables(train)
    add_device(train)
    add_report(train)
    add_out(train, "MODEL.safetensors")


def _add_prediction(parser: argparse.ArgumentParser, uncertainty: bool = True) -> None:
    add_further_readings(parser)
    add_grid(parser, AUTO)
    parser.add_argument("--model", default="bundled", metavar="bundled|NAME|FILE", help="trained model (default bundled)")
    parser.add_argument(
        "--covariates", metavar="F", help="maps that overrule the model's own: NetCDF or GeoTIFF, as `covariates` writes them"
    )
    add_background(parser)
    if uncertainty:
        parser.add_argument(
            "--uncertainty",
            choices=("none", "sd", "quantiles"),
            default="none",
            help="also write the standard deviation, or the 5, 50 and 95 %% quantiles, of a station's reading in the cell",
        )
        parser.add_argument(
            "--analysis",
            choices=("off", "auto", "network", "kriging", "on"),
            default="off",
            help="how far the network is believed: off as trained, and its kriging alone in another region; auto what "
            "readings left out in turn support, at five more predictions of a day or of 12 days of a period; network or "
            "kriging whatever they say; on spreads all that the field leaves at its stations (default off)",
        )
    add_device(parser)
