"""The command line is a contract: names, JSON on stdout, progress on stderr, exit status."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from model_core import __version__
from model_core.cli import build_parser, main

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "resources" / "sample" / "stations.csv"
COMMANDS = ("info", "inspect", "grid-stations", "reanalyse", "reanalyse-period", "train", "reproduce", "simulate", "covariates", "worker")


def run(*arguments, cwd=ROOT):
    return subprocess.run([sys.executable, "-m", "model_core", *arguments], capture_output=True, text=True, cwd=cwd, timeout=120)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as stop:
        build_parser().parse_args([command, "--help"])
    assert stop.value.code == 0
    assert f"ctm-reanalysis {command}" in capsys.readouterr().out


def test_info_as_json(capsys):
    assert main(["info", "--json"]) == 0
    info = json.loads(capsys.readouterr().out)
    assert info["version"] == __version__ and info["device"] in ("cpu", "cuda")
    assert "bundled" in [model["name"] for model in info["models"]] and "china12km" in info["grids"]


def test_grid_stations_in_a_real_process(tmp_path):
    done = run(
        "grid-stations",
        "--stations",
        str(SAMPLE),
        "--value",
        "pm25",
        "--time",
        "date",
        "--date",
        "2019-01-14",
        "--id",
        "station",
        "--out",
        str(tmp_path / "g.tif"),
        "--json",
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["readings"]["used"] > 500 and result["date"] == "2019-01-14"
    assert result["grid"]["cell_size"] == [12000, 12000] and result["grid"]["lower_left"] == [-3144000, -2112000]
    assert "reading stations" in done.stderr and (tmp_path / "g.tif").exists()


def test_an_error_says_so_on_stderr_and_in_json(tmp_path, capsys):
    arguments = ["grid-stations", "--stations", str(tmp_path / "none.csv"), "--value", "a", "--out", str(tmp_path / "g.tif")]
    assert main([*arguments, "--json"]) == 1
    shown = capsys.readouterr()
    assert "error: station file" in shown.err and "none.csv" in shown.err
    assert json.loads(shown.out)["error"]["kind"] == "InputError"
    assert main(arguments) == 1
    assert capsys.readouterr().out == ""


def test_inspect_tells_the_grid(tiny_ctm, capsys):
    assert main(["inspect", str(tiny_ctm), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["grid"]["rows"], report["grid"]["columns"]) == (40, 48)
    assert report["grid"]["lower_left"] == [-180000, -720000] and "+R=6370000" in report["grid"]["proj"]
    assert report["times"]["count"] == 8
    assert {"pm25", "rh", "wind", "elevation", "urban"} <= {v["recognised_as"] for v in report["variables"]}
    assert main(["inspect", str(tiny_ctm)]) == 0
    assert "lower_left: -180000, -720000" in capsys.readouterr().out


def test_something_that_is_no_netcdf_is_named(tmp_path, capsys):
    file = tmp_path / "thesis.nc"
    file.write_text("It was a dark and stormy night")
    assert main(["inspect", str(file)]) == 1
    message = capsys.readouterr().err
    assert "thesis.nc" in message and "NetCDF" in message and "Traceback" not in message


def test_simulate_takes_an_extent_that_begins_with_a_minus(tmp_path, capsys):
    out = tmp_path / "s.nc"
    assert main(["simulate", "--grid", "-80,35,-70,42,0.5@EPSG:4326", "--days", "2", "--seed", "3", "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["days"] == 2
    assert main(["inspect", str(out), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["grid"]["rows"], report["grid"]["columns"]) == (14, 20)


def test_simulated_days_depend_on_the_seed_alone(tmp_path, capsys):
    import xarray as xr

    fields = []
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        out = tmp_path / f"{name}.nc"
        assert main(["simulate", "--grid", "100,25,110,32,0.5@EPSG:4326", "--days", "1", "--seed", seed, "--out", str(out)]) == 0
        with xr.open_dataset(out) as data:
            fields.append(data["PM25_TOT"].values)
    assert (fields[0] == fields[1]).all() and (fields[0] != fields[2]).any()


@pytest.mark.parametrize("words", ["reanalyse --value pm25", "train --ctm a.nc --out m --epochs 1 --iterations 1"])
def test_wrong_usage_ends_with_two(words):
    with pytest.raises(SystemExit) as stop:
        main(words.split())
    assert stop.value.code == 2
