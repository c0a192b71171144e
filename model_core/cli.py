"""The command line: a thin door to `model_core.jobs`, progress on stderr, results on stdout."""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any, Sequence

from model_core import __version__
from model_core.errors import Cancelled, ReanalysisError
from model_core.jobs import JOBS
from model_core.json_values import finite
from model_core.progress import Progress

EXIT_ERROR, EXIT_CANCELLED = 1, 130
# Values that may begin with a minus sign, which argparse would take for an option.
_MAY_BE_NEGATIVE = ("--grid",)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0, 1 after an error, 2 for wrong usage, 130 when interrupted."""
    options = vars(build_parser().parse_args(_join_negative(list(sys.argv[1:] if arguments is None else arguments))))
    command, as_json = options.pop("command"), options.pop("json", False)
    if command == "worker":
        from model_core.worker import serve

        return serve(options["idle_seconds"])
    try:
        result = JOBS[command](options, TerminalProgress())
    except KeyboardInterrupt:
        return _fail(Cancelled("Cancelled."), as_json, EXIT_CANCELLED)
    except Cancelled as error:
        return _fail(error, as_json, EXIT_CANCELLED)
    except ReanalysisError as error:
        return _fail(error, as_json, EXIT_ERROR)
    if not result:  # a process that only helps another one, as torchrun starts them
        return 0
    print(json.dumps(finite(result), indent=2, ensure_ascii=False) if as_json else "\n".join(_lines(result)))
    return 0


def build_parser() -> argparse.ArgumentParser:
    """The commands and their options; a request key is the option's name with underscores."""
    parser = argparse.ArgumentParser(prog="ctm-reanalysis", description="Station readings to gridded air-quality fields.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    _command(commands, "info", "versions, device, models found")
    inspect = _command(commands, "inspect", "grid, times and recognised variables of a CTM file")
    inspect.add_argument("file", metavar="FILE")
    _add_variables(inspect)

    grid_stations = _command(commands, "grid-stations", "station readings to a raster of cell means and counts")
    _add_stations(grid_stations)
    _add_grid(grid_stations, "china12km")
    _add_out(grid_stations, "F.tif")

    reanalyse = _command(commands, "reanalyse", "a day's station readings to a complete field")
    _add_stations(reanalyse)
    _add_prediction(reanalyse)
    _add_machine(reanalyse)
    _add_out(reanalyse, "F.tif|F.nc")

    _add_period(commands)
    _add_train(commands)
    _add_crossvalidate(commands)

    reproduce = _command(commands, "reproduce", "CTM days from their station cells, scored against the whole field")
    reproduce.add_argument("--ctm", nargs="+", required=True, metavar="F", help="NetCDF files, or folders of them, that are one series")
    reproduce.add_argument("--model", required=True, metavar="bundled|NAME|FILE", help="trained model")
    _add_grid(reproduce, None, "grid to bring the CTM onto (default: its own)")
    sites = reproduce.add_mutually_exclusive_group()
    sites.add_argument("--stations", metavar="F", help="table of stations, whose cells are read")
    sites.add_argument("--points", type=_positive, metavar="N",
                       help="number of random land cells to read (default: 800, or a tenth of the land if that is less)")
    reproduce.add_argument("--x", metavar="COL", help="the table's column of x or longitude (default: by name, or the geometry)")
    reproduce.add_argument("--y", metavar="COL", help="its column of y or latitude")
    reproduce.add_argument("--crs", metavar="CRS", help="of its coordinates (default EPSG:4326, or the layer's)")
    reproduce.add_argument("--start", metavar="D", help="first day, YYYY-MM-DD (default: days that the model was not trained on)")
    reproduce.add_argument("--end", metavar="D", help="last day")
    reproduce.add_argument("--time-zone", default="UTC", metavar="Z", help="whose days hourly fields are averaged over (default UTC)")
    reproduce.add_argument("--lead-day", type=int, metavar="N", help="day of each forecast to take, where files are forecasts")
    reproduce.add_argument("--cache", metavar="DIR", help="folder for the prepared daily fields (default: daily_fields in --out)")
    reproduce.add_argument("--seed", type=int, default=0, metavar="S", help="the same seed gives the same random cells")
    _add_variables(reproduce)
    _add_device(reproduce)
    _add_out(reproduce, "DIR", "folder to write scores and figures into; made where it is missing")

    simulate = _command(commands, "simulate", "days of the demonstration CTM")
    _add_grid(simulate, "china12km")
    simulate.add_argument("--start", default="2018-01-01", metavar="D", help="first day, YYYY-MM-DD (default 2018-01-01)")
    simulate.add_argument("--days", type=_positive, default=10, metavar="N", help="number of days (default 10)")
    simulate.add_argument("--seed", type=int, default=0, metavar="S", help="the same seed gives the same days")
    simulate.add_argument("--terrain", metavar="F", help="NetCDF with elevation and urban fraction (default: invented)")
    _add_out(simulate, "F.nc")

    covariates = _command(commands, "covariates", "elevation, urban and land fraction of a grid")
    _add_grid(covariates, "china12km")
    covariates.add_argument("--dem", metavar="R", help="raster of heights, any CRS and resolution: elevation and its spread in the cell")
    covariates.add_argument("--dem-unit", metavar="U", help="unit of the heights (default: as the raster says, else m)")
    covariates.add_argument("--dem-crs", metavar="CRS", help="CRS of the DEM (default: its own)")
    covariates.add_argument("--sea-floor", action="store_true", help="the DEM holds the floor of the sea: heights below zero count as zero")
    covariates.add_argument("--landcover", metavar="R", help="raster of land-cover classes, any CRS and resolution")
    covariates.add_argument("--landcover-crs", metavar="CRS", help="CRS of the land cover (default: its own)")
    covariates.add_argument("--urban-classes", nargs="+", type=int, metavar="N", help="its urban classes (13 in IGBP, 50 in WorldCover)")
    covariates.add_argument("--water-classes", nargs="+", type=int, metavar="N", help="its water classes; the rest is land")
    covariates.add_argument("--mcip", metavar="F", help="MCIP's GRIDCRO2D or its like, for maps that the rasters do not give")
    _add_out(covariates, "F.nc|F.tif")

    modelcard = _command(commands, "modelcard", "the card of a model, as one page: what it is, data, recipe, scores, limits")
    modelcard.add_argument("--model", default="bundled", metavar="bundled|NAME|FILE", help="trained model (default bundled)")
    _add_out(modelcard, "F.html|F.md")

    worker = commands.add_parser("worker", help="JSON-lines server for the plugin", description="JSON-lines server for the plugin")
    worker.add_argument("--idle-seconds", type=float, default=900.0, metavar="N", help="stop after so long without a request")
    return parser


class TerminalProgress(Progress):
    """Progress on stderr: one line that changes on a terminal, a line each tenth elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self._live = sys.stderr.isatty()
        self._last, self._time = -1.0, 0.0

    def on_step(self, fraction: float, message: str) -> None:
        now = time.monotonic()
        if self._live:
            if now - self._time > 0.1 or fraction >= 1:
                print(f"\r\x1b[K{fraction:4.0%} {message}", end="\n" if fraction >= 1 else "", file=sys.stderr, flush=True)
                self._time = now
        elif fraction - self._last >= 0.1 or (fraction >= 1 and self._last < 1) or now - self._time > 60:
            print(f"{fraction:4.0%} {message}", file=sys.stderr, flush=True)
            self._last, self._time = fraction, now

    def on_log(self, message: str) -> None:
        self._line(message)

    def on_warning(self, message: str) -> None:
        self._line(f"warning: {message}")

    def _line(self, text: str) -> None:
        print(("\r\x1b[K" if self._live else "") + text, file=sys.stderr, flush=True)


def _command(commands: Any, name: str, summary: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
    parser.add_argument("--json", action="store_true", help="print the result as JSON on stdout")
    return parser


def _add_prediction(parser: argparse.ArgumentParser, uncertainty: bool = True) -> None:
    for key, name, unit in (("rh", "relative humidity", "%%"), ("wind", "wind speed", "m s-1")):
        parser.add_argument(f"--{key}", metavar="F:COL", help=f"readings of {name}: file and column")
        parser.add_argument(f"--{key}-unit", metavar="U", help=f"their unit (default {unit})")
        parser.add_argument(f"--{key}-crs", metavar="CRS", help="CRS of their coordinates (default: as --crs)")
    _add_grid(parser, "china12km")
    parser.add_argument("--model", default="bundled", metavar="bundled|NAME|FILE", help="trained model (default bundled)")
    parser.add_argument("--covariates", metavar="F", help="maps that overrule the model's own: NetCDF or GeoTIFF, as `covariates` writes them")
    if uncertainty:
        parser.add_argument("--uncertainty", choices=("none", "sd", "quantiles"), default="none",
                            help="also write the standard deviation, or the 5, 50 and 95 %% quantiles, of a station's reading in the cell")
        parser.add_argument("--analysis", choices=("off", "auto", "on"), default="off",
                            help="spread what the field leaves at its stations: auto where readings left out in turn support it, at "
                                 "five more predictions a day; on always (default off)")
    _add_device(parser)


def _add_machine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--precision", choices=("auto", "fp32", "bf16", "fp16"), default="auto",
                        help="default: the fastest that is right on this machine")
    parser.add_argument("--memory", type=_positive, metavar="MB",
                        help="memory that prediction may take (default 4000); larger grids are predicted in overlapping windows")


def _add_period(commands: Any) -> None:
    period = _command(commands, "reanalyse-period", "station readings of a period to a complete field for each day or hour")
    stations = period.add_argument_group("stations")
    _add_readings(stations, "table with a time column (CSV, Parquet, vector file); a pattern such as DIR/{date:%%Y%%m%%d}.csv "
                  "for a file per day or hour; or a folder")
    stations.add_argument("--time", metavar="COL", help="column of the time (not needed where the files' names say the date)")
    stations.add_argument("--id", metavar="COL", help="column of the station id (default: a station is its place)")
    _add_days(stations)
    period.add_argument("--start", metavar="D", help="first day, YYYY-MM-DD (default: that of the readings)")
    period.add_argument("--end", metavar="D", help="last day (default: that of the readings)")
    period.add_argument("--step", choices=("day", "hour"), default="day", help="what a field is made for (default day)")
    _add_prediction(period)
    _add_machine(period)
    period.add_argument("--scheduler", metavar="ADDRESS", help="compute on the workers of this Dask scheduler (tcp://HOST:8786, or its "
                        "scheduler file); they must see the model and the output under the same path")
    _add_out(period, "F.nc|F.zarr|DIR", "NetCDF or Zarr of the whole period, or a folder for a GeoTIFF per step; "
             "run again, only what is missing or changed is computed")


def _add_crossvalidate(commands: Any) -> None:
    parser = _command(commands, "crossvalidate", "a model against stations that it was not given, beside interpolators")
    _add_stations(parser)
    folds = parser.add_argument_group("folds")
    folds.add_argument("--scheme", choices=("stations", "groups", "cells", "blocks"), default="stations",
                       help="what is left out together: stations (default), whole groups by --group, grid cells, or square blocks")
    folds.add_argument("--folds", type=_positive, default=10, metavar="N", help="number of folds, the same on all days (default 10)")
    folds.add_argument("--seed", type=int, default=0, metavar="S", help="the same seed gives the same folds")
    folds.add_argument("--block-km", type=float, default=200.0, metavar="L", help="side of a block (default 200)")
    parser.add_argument("--baselines", default="idw,ok,oklog", metavar="B,B", help="interpolators on the same folds: idw, ok, oklog, vna, "
                        "and with --ctm avna, evna; '' for none (default idw,ok,oklog)")
    parser.add_argument("--ctm", nargs="+", metavar="F", help="NetCDF files with the CTM's fields of the days, for avna and evna")
    parser.add_argument("--analysis", choices=("off", "auto", "on"), default="off",
                        help="spread what remains at the stations that are not left out (default off)")
    _add_prediction(parser, uncertainty=False)
    _add_variables(parser)
    _add_out(parser, "DIR", "folder to write scores, predictions, points and a figure into; made where it is missing")


def _add_train(commands: Any) -> None:
    train = _command(commands, "train", "a model from CTM files")
    train.add_argument("--ctm", nargs="+", required=True, metavar="F", help="NetCDF files, or folders of them: daily or hourly "
                       "fields; files that complement or follow each other are put together")
    train.add_argument("--config", default="improved", metavar="paper|improved|F", help="configuration (default improved)")
    train.add_argument("--from", metavar="bundled|NAME|FILE", help="model to start from, whose network and inputs are kept")
    train.add_argument("--target", metavar="SPECIES", help="species whose field comes out (default: as configured)")
    train.add_argument("--inputs", nargs="+", metavar="VAR", help="station variables beside the target, or none")
    train.add_argument("--maps", nargs="+", metavar="VAR", help="maps that are inputs, or none")
    train.add_argument("--covariates", metavar="F", help="maps that overrule those of the CTM files: NetCDF or GeoTIFF, as `covariates` writes them")
    _add_grid(train, None, "grid to bring all files onto (default: the grid of the first, which all must share)")
    layout = train.add_argument_group("layout of real stations")
    layout.add_argument("--layout", metavar="F", help="table of stations, whose positions serve as nominal stations "
                        "(with improved: as one of its layouts)")
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
    length.add_argument("--iterations", type=_positive, metavar="N", help="training steps (default: as configured)")
    length.add_argument("--epochs", type=_positive, metavar="N", help="passes over all days, instead of iterations")
    train.add_argument("--batch", type=_positive, metavar="N", help="samples per step and process (default: as configured)")
    train.add_argument("--learning-rate", type=float, metavar="R", help="largest step (default: as configured)")
    train.add_argument("--seed", type=int, default=0, metavar="S")
    train.add_argument("--resume", action="store_true", help="go on from the checkpoint beside the model")
    train.add_argument("--cache", metavar="DIR", help="folder for the prepared daily fields (default: daily_fields beside the model)")
    train.add_argument("--precision", choices=("auto", "float32", "bfloat16"), default="auto", help="default: bfloat16 where it is fast")
    _add_variables(train)
    _add_device(train)
    _add_out(train, "MODEL.safetensors")


def _add_stations(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("stations")
    _add_readings(group, "CSV, Parquet or vector file with the readings")
    group.add_argument("--time", metavar="COL", help="column of the time")
    group.add_argument("--date", metavar="D", help="the day to use, YYYY-MM-DD, by --time; without --time the day of all readings")
    group.add_argument("--id", metavar="COL", help="column of the station id, by which duplicates are found")
    group.add_argument("--group", metavar="COL", help="column of the city or another grouping")
    _add_days(group)


def _add_readings(group: Any, what: str) -> None:
    group.add_argument("--stations", required=True, metavar="F", help=what)
    group.add_argument("--value", required=True, metavar="COL", help="column of the readings")
    group.add_argument("--unit", metavar="U", help="their unit (default ug m-3)")
    group.add_argument("--x", metavar="COL", help="column of x or longitude (default: by name, or the geometry)")
    group.add_argument("--y", metavar="COL", help="column of y or latitude")
    group.add_argument("--crs", metavar="CRS", help="of the coordinates (default EPSG:4326, or the layer's)")


def _add_days(group: Any) -> None:
    group.add_argument("--time-zone", metavar="Z", help="whose days count, such as Asia/Shanghai (default: as the table writes them)")
    group.add_argument("--times-in", metavar="Z", help="zone of times in the table that carry no offset (default: --time-zone)")
    group.add_argument("--hours", type=_positive, metavar="N", help="valid hours that a daily mean needs, where the table is hourly (default 19)")


def _add_grid(parser: argparse.ArgumentParser, default: str | None, text: str = "") -> None:
    text = text or f"grid (default {default})"
    parser.add_argument("--grid", default=default, metavar="G", help=f"{text}: china12km, conus12km, a NetCDF or raster file, "
                        "or xmin,ymin,xmax,ymax,cell@CRS")


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="default: a GPU if there is one")


def _add_variables(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--variables", metavar="F", help="TOML file that extends or overrides the variables known in CTM files")
    parser.add_argument("--level", metavar="L", help="level of CTM files to read: first, last, or a value of their level axis "
                        "(default: the surface)")


def _add_out(parser: argparse.ArgumentParser, metavar: str, text: str = "file to write") -> None:
    parser.add_argument("--out", required=True, metavar=metavar, help=text)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, got {number}")
    return number


def _join_negative(arguments: list[str]) -> list[str]:
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] in _MAY_BE_NEGATIVE:
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


def _fail(error: ReanalysisError, as_json: bool, status: int) -> int:
    print(f"error: {error}", file=sys.stderr)
    if as_json:
        print(json.dumps({"error": {"kind": type(error).__name__, "message": str(error)}}, ensure_ascii=False))
    return status


def _lines(value: Any, indent: str = "") -> list[str]:
    """A result for people: one line a value, nested ones indented."""
    lines: list[str] = []
    for key, entry in value.items():
        if key == "wkt" or entry in (None, [], {}):
            continue
        if isinstance(entry, dict):
            lines += [f"{indent}{key}:", *_lines(entry, indent + "  ")]
        elif isinstance(entry, list) and any(isinstance(item, dict) for item in entry):
            lines.append(f"{indent}{key}:")
            for item in entry:
                first, *rest = _lines(item, indent + "    ") or [""]
                lines += [f"{indent}  - {first.strip()}", *rest]
        elif isinstance(entry, list):
            lines.append(f"{indent}{key}: {', '.join(_text(item) for item in entry)}")
        else:
            lines.append(f"{indent}{key}: {_text(entry)}")
    return lines


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
