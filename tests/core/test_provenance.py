"""Every output says how it was made, and is made again from that: bit for bit, or not at all."""

import hashlib
import json
import shutil
from datetime import date

import netCDF4
import numpy as np
import pandas as pd
import pytest
import rasterio
import torch
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from model_core import __version__
from model_core.cli import main
from model_core.ctm.fields import read_ctm
from model_core.errors import Cancelled, InputError
from model_core.jobs import JOBS
from model_core.model_file import load_model, replace_card
from model_core.progress import Progress
from model_core.provenance.files import combined, files_named, files_of, short_name, with_files
from model_core.provenance.reading import read_record
from model_core.provenance.repeat import TOLERANCE, difference


@pytest.fixture(scope="module")
def world(tiny_ctm, tiny_model, tmp_path_factory):
    """A folder with two days of readings of the tiny CTM at eighty stations, the grid's file, the model, and F.tif made from them."""
    folder = tmp_path_factory.mktemp("anna") / "work"
    folder.mkdir()
    ctm = read_ctm(tiny_ctm)
    land = np.argwhere(ctm.static["land"] > 0.5)
    cells = land[np.random.default_rng(0).choice(len(land), 80, replace=False)]
    lon, lat = Transformer.from_crs(ctm.grid.crs, "EPSG:4326", always_xy=True).transform(ctm.grid.x[cells[:, 1]], ctm.grid.y[cells[:, 0]])
    pd.concat(
        [
            pd.DataFrame(
                {
                    "station": range(80),
                    "day": str(ctm.times[day]),
                    "lon": lon,
                    "lat": lat,
                    **{key: ctm.fields[key][day][tuple(cells.T)] for key in ("pm25", "rh")},
                }
            )
            for day in (0, 1)
        ]
    ).to_csv(folder / "stations.csv", index=False)
    shutil.copy(tiny_ctm, folder / "grid.nc")
    shutil.copy(tiny_model, folder / "own.safetensors")
    run(request_in(folder))
    return folder


@pytest.fixture
def made(world, tmp_path):
    """The same files in a folder of the test's own, and what made F.tif in it."""
    folder = tmp_path / "anna"
    shutil.copytree(world, folder)
    return folder, request_in(folder)


def request_in(folder):
    return {
        "stations": str(folder / "stations.csv"),
        "value": "pm25",
        "time": "day",
        "id": "station",
        "date": "2019-01-05",
        "rh": f"{folder / 'stations.csv'}:rh",
        "grid": str(folder / "grid.nc"),
        "model": str(folder / "own.safetensors"),
        "uncertainty": "none",
        "analysis": "on",
        "device": "cpu",
        "out": str(folder / "F.tif"),
    }


def run(request, command="reanalyse"):
    return JOBS[command](request, Progress())


def again(folder, out="again.tif", **more):
    return run({"from": str(folder / "F.tif"), "out": str(folder / out), **more})


def test_the_output_names_model_engine_inputs_and_parameters(made):
    folder, request = made
    record = read_record(folder / "F.tif")
    model = load_model(str(folder / "own.safetensors"))
    assert (record.engine_version, record.model_name, record.model_sha256) == (__version__, "own", model.sha256)
    digest = hashlib.sha256((folder / "stations.csv").read_bytes()).hexdigest()
    assert list(record.inputs) == [{"role": role, "name": "stations.csv", "sha256": digest} for role in ("stations", "rh")]
    assert set(record.readings_sha256) == {"pm25", "rh"}
    kept = {key: record.request[key] for key in ("value", "time", "id", "date", "analysis")}
    assert kept == {key: request[key] for key in kept} and record.request["command"] == "reanalyse"
    assert record.computed_with["device"] == "cpu" and record.computed_with["torch"]


@pytest.mark.parametrize("name", ["F.tif", "F.nc"])
def test_no_folder_and_no_user_is_named_unless_it_is_asked_for(made, name):
    folder, request = made
    run({**request, "out": str(folder / name)})
    assert b"anna" not in (folder / name).read_bytes()
    run({**request, "out": str(folder / f"whole_{name}"), "full_paths": True})
    record = read_record(folder / f"whole_{name}")
    assert record.inputs[0]["name"] == record.request["stations"] == str(folder / "stations.csv")


def test_it_is_made_again_byte_for_byte(made):
    folder, _ = made
    repeated = again(folder)["repeated"]
    assert repeated["identical"] and repeated["largest_difference"] == 0
    assert (folder / "again.tif").read_bytes() == (folder / "F.tif").read_bytes()


def test_a_netcdf_is_made_again_and_so_is_what_repeats_it(made):
    folder, request = made
    run({**request, "out": str(folder / "F.nc")})
    for source, out in (("F.nc", "again.nc"), ("again.nc", "once_more.tif")):
        result = run({"from": str(folder / source), "out": str(folder / out)})
        assert result["repeated"]["identical"]
    assert (folder / "once_more.tif").read_bytes() == (folder / "F.tif").read_bytes()


def test_the_command_line_finds_the_inputs_beside_the_output(made, capsys, monkeypatch):
    folder, _ = made
    monkeypatch.chdir(folder)
    assert main(["reanalyse", "--from", "F.tif", "--out", "again.tif", "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["repeated"]["identical"] and "bit for bit" in told.err


def test_an_input_that_changed_is_refused_by_its_name(made):
    folder, _ = made
    text = (folder / "stations.csv").read_text()
    (folder / "stations.csv").write_text(text + "\n")
    with pytest.raises(InputError, match=r"can't repeat 'F.tif': its stations '.*stations.csv' changed since: its SHA-256 was"):
        again(folder)
    assert not (folder / "again.tif").exists()


def test_an_input_that_is_gone_is_refused_and_found_where_it_is_now(made, tmp_path):
    folder, _ = made
    moved = tmp_path / "elsewhere" / "table.csv"
    moved.parent.mkdir()
    (folder / "stations.csv").rename(moved)
    with pytest.raises(InputError, match="its stations .stations.csv, SHA-256 .* is missing: .* say where it is now with --stations"):
        again(folder)
    assert again(folder, stations=str(moved))["repeated"]["identical"], "humidity was in the same table, and still is"
    assert again(folder, stations=str(moved), rh=f"{moved}:rh")["repeated"]["identical"]


def test_another_model_of_the_same_name_is_refused(made):
    folder, _ = made
    replace_card(folder / "own.safetensors", {**load_model(str(folder / "own.safetensors")).card, "created": "1999-01-01T00:00:00Z"})
    with pytest.raises(InputError, match="was made with model own of SHA-256 .* name the file of that model with --model"):
        again(folder)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"date": "2019-01-06"}, "--date can't be changed"),
        ({"grid": "conus12km"}, "--grid can't be changed"),
        ({"uncertainty": "sd"}, "--uncertainty can't be changed"),
        ({"covariates": "maps.nc"}, "made without covariates"),
        ({"wind": "w.csv:wind"}, "made without wind"),
    ],
)
def test_what_decides_over_the_result_is_not_changed(made, change, message):
    folder, _ = made
    with pytest.raises(InputError, match=message):
        again(folder, **change)


def test_the_output_is_not_replaced_by_its_repetition(made):
    folder, _ = made
    with pytest.raises(InputError, match="would replace"):
        again(folder, out="F.tif")


def test_a_file_of_another_origin_or_command_is_refused(made, tiny_ctm):
    folder, request = made
    for file, message in (
        (tiny_ctm, "does not say how it was made"),
        (folder / "none.tif", "does not exist"),
        (folder / "bad.tif", "can't be read"),
    ):
        (folder / "bad.tif").write_bytes(b"II*\0")
        with pytest.raises(InputError, match=message):
            run({"from": str(file), "out": str(folder / "again.tif")})
    run({key: value for key, value in request.items() if key != "date"} | {"out": str(folder / "p.nc")}, "reanalyse-period")
    with pytest.raises(InputError, match="was made by reanalyse-period"):
        run({"from": str(folder / "p.nc"), "out": str(folder / "again.tif")})


def test_a_damaged_record_is_refused_without_a_trace(made):
    folder, request = made
    run({**request, "out": str(folder / "F.nc")})
    for name, text in (("request", "[1]"), ("request", "{"), ("inputs", '[{"name": "a"}]'), ("inputs", "3"), ("request", '{"command": 3}')):
        shutil.copy(folder / "F.nc", folder / "damaged.nc")
        with netCDF4.Dataset(folder / "damaged.nc", "a") as data:
            data.setncattr(name, text)
        with pytest.raises(InputError):
            run({"from": str(folder / "damaged.nc"), "out": str(folder / "again.nc")})


def test_a_result_that_comes_out_otherwise_is_told(made, monkeypatch):
    """As where the processor, the threads or the libraries are others: here the first output is changed a little, and much."""
    folder, _ = made
    for factor, within in ((1.005, True), (1.2, False)):
        with rasterio.open(folder / "F.tif") as source:
            profile, tags, field = source.profile, source.tags(), source.read(1)
        with rasterio.open(folder / "F2.tif", "w", **profile) as changed:
            changed.write(field * np.float32(factor), 1)
            changed.update_tags(**tags)
        progress = Progress()
        result = JOBS["reanalyse"]({"from": str(folder / "F2.tif"), "out": str(folder / "again.tif")}, progress)
        assert (result["repeated"]["identical"], result["repeated"]["within_tolerance"]) == (False, within)
        assert any("more than the 1%" in warning for warning in progress.warnings) != within


def test_readings_of_a_layer_decide_by_themselves(made):
    """QGIS hands a layer over as a table of the moment: its bytes may differ, its readings may not."""
    folder, request = made
    run({**request, "layers": {"stations": "Stations of 2019", "rh": "Stations of 2019"}})
    assert read_record(folder / "F.tif").inputs[0] == {"role": "stations", "layer": "Stations of 2019"}
    with pytest.raises(InputError, match="came from the QGIS layer 'Stations of 2019'"):
        again(folder)
    table = pd.read_csv(folder / "stations.csv")
    table.iloc[:, ::-1].to_csv(folder / "now.csv", index=False)
    now = {"stations": str(folder / "now.csv"), "layers": {"stations": "of now"}}
    assert again(folder, **now)["repeated"]["identical"]
    table.assign(pm25=table.pm25 * 1.001).to_csv(folder / "now.csv", index=False)
    with pytest.raises(InputError, match="its readings of pm25 have changed"):
        again(folder, **now)


def test_a_layer_that_tells_more_of_itself_is_named_with_its_source_and_its_file_may_have_changed(made):
    """A GeoPackage changes with whatever QGIS notes in it."""
    folder, request = made
    (folder / "air.gpkg").write_bytes(b"then")
    told = {"name": "Air", "file": str(folder / "air.gpkg"), "inside": "|layername=air", "features": 60, "filter": "pm25 > 0"}
    run({**request, "layers": {"stations": told, "rh": told}})
    assert read_record(folder / "F.tif").inputs[0]["sha256"] == hashlib.sha256(b"then").hexdigest()
    assert b"anna" not in (folder / "F.tif").read_bytes()
    with pytest.raises(InputError, match=r"came from the QGIS layer 'Air \(air.gpkg\|layername=air\)'"):
        again(folder)
    now = {"stations": str(folder / "stations.csv"), "layers": {"stations": told}}
    assert again(folder, **now)["repeated"]["identical"]
    assert (folder / "again.tif").read_bytes() == (folder / "F.tif").read_bytes(), "of the same layer it is the same file"
    (folder / "air.gpkg").write_bytes(b"now")
    assert again(folder, out="third.tif", **now)["repeated"]["identical"]


@pytest.fixture(scope="module")
def periods(world, tmp_path_factory):
    """A folder with the inputs, and the two days as NetCDF, as Zarr and as a folder of GeoTIFFs."""
    folder = tmp_path_factory.mktemp("periods") / "anna"
    shutil.copytree(world, folder)
    for name in ("p.nc", "p.zarr", "p"):
        run(period_request(folder, name), "reanalyse-period")
    return folder


def period_request(folder, name):
    kept = {key: value for key, value in request_in(folder).items() if key not in ("date", "rh")}
    return kept | {"analysis": "off", "out": str(folder / name), "report": str(folder / "page.html")}


@pytest.mark.parametrize("source, out", [("p.nc", "1.nc"), ("p.zarr", "2.zarr"), ("p", "3"), ("p", "4.nc"), ("p.zarr", "5")])
def test_a_period_is_made_again_from_any_form_into_any_form(periods, source, out):
    result = run({"from": str(periods / source), "out": str(periods / out)}, "reanalyse-period")
    assert result["repeated"]["identical"] and result["days"]["computed"] == 2


def test_a_period_says_nothing_of_where_its_report_went(periods):
    record = read_record(periods / "p")
    assert record == read_record(periods / "p.zarr") == read_record(periods / "p.nc")
    assert record.model_sha256 and record.request["command"] == "reanalyse-period" and record.inputs[0]["name"] == "stations.csv"
    assert "report" not in record.request and not any("anna" in json.dumps(one) for one in (record.request, record.inputs))


def test_a_period_says_what_it_was_computed_with_as_a_day_does(periods):
    then = read_record(periods / "F.tif").computed_with
    assert {"device", "precision", "processor", "threads", "torch", "numpy"} <= set(then) and then["device"] == "cpu"
    for name in ("p.nc", "p.zarr", "p"):
        assert set(read_record(periods / name).computed_with) == set(then) and read_record(periods / name).computed_with["device"] == "cpu"


@pytest.fixture
def one_thread_more():
    before = torch.get_num_threads()
    torch.set_num_threads(before + 1)
    yield f"threads {before} then and {before + 1} now"
    torch.set_num_threads(before)


@pytest.mark.parametrize("name", ["q.nc", "q.zarr"])
def test_a_period_that_went_on_says_what_completed_it(periods, name, one_thread_more):
    days = []
    begun = Progress(lambda: len(days) > 0)
    begun.on_step = lambda fraction, message: days.append(message) if message.startswith("1 of 2 days") else None
    with pytest.raises(Cancelled):
        JOBS["reanalyse-period"](period_request(periods, name), begun)
    torch.set_num_threads(torch.get_num_threads() - 1)
    assert run(period_request(periods, name), "reanalyse-period")["days"]["kept"] >= 1
    assert read_record(periods / name).computed_with["threads"] == str(torch.get_num_threads())


def otherwise(request, command):
    """The warnings of a run that name what it is computed with otherwise."""
    progress = Progress()
    assert JOBS[command](request, progress)["repeated"]["within_tolerance"]
    return [warning for warning in progress.warnings if "was computed otherwise" in warning]


@pytest.mark.parametrize("source", ["F.tif", "p.nc", "p.zarr", "p"])
def test_a_repetition_with_other_threads_names_them_and_nothing_else(periods, source, tmp_path, one_thread_more):
    command = "reanalyse" if source == "F.tif" else "reanalyse-period"
    request = {"from": str(periods / source), "out": str(tmp_path / ("o.tif" if source == "F.tif" else "o.nc"))}
    assert otherwise(request, command) == [
        f"'{source}' was computed otherwise: {one_thread_more}; the result may differ in its last digits"
    ]


def test_a_repetition_of_what_another_machine_made_names_what_differs(made):
    folder, _ = made
    assert otherwise({"from": str(folder / "F.tif"), "out": str(folder / "same.tif")}, "reanalyse") == []
    here = dict(read_record(folder / "F.tif").computed_with)
    with rasterio.open(folder / "F.tif", "r+") as raster:
        raster.update_tags(computed_with=json.dumps({**here, "device": "cuda", "precision": "fp16", "torch": "2.3.1"}))
    (told,) = otherwise({"from": str(folder / "F.tif"), "out": str(folder / "again.tif")}, "reanalyse")
    for words in ("device cuda then and cpu now", "precision fp16 then and ", f"torch 2.3.1 then and {torch.__version__} now"):
        assert words in told
    assert "numpy" not in told and "processor" not in told
    with rasterio.open(folder / "F.tif", "r+") as raster:  # as of a version that did not say it
        raster.update_tags(computed_with="")
    assert otherwise({"from": str(folder / "F.tif"), "out": str(folder / "once_more.tif")}, "reanalyse") == []


def test_a_period_is_not_repeated_over_what_is_there(periods):
    with pytest.raises(InputError, match="there already"):
        run({"from": str(periods / "p"), "out": str(periods / "p.nc")}, "reanalyse-period")


@pytest.mark.parametrize("source", ["p.nc", "p.zarr", "p"])
def test_a_period_is_refused_where_a_reading_changed(periods, source, tmp_path):
    """Also where the table is of a QGIS layer, whose bytes say nothing: the fingerprint of each day does."""
    changed = tmp_path / "stations.csv"
    changed.write_text((periods / "stations.csv").read_text().rsplit("\n", 2)[0] + "\n")
    with pytest.raises(InputError, match="its stations .* changed since"):
        run({"from": str(periods / source), "out": str(tmp_path / "o.nc"), "stations": str(changed)}, "reanalyse-period")
    moved = tmp_path / "moved.csv"
    shutil.copy(periods / "stations.csv", moved)
    (tmp_path / "elsewhere").mkdir()
    alone = tmp_path / "elsewhere" / source
    (shutil.copytree if (periods / source).is_dir() else shutil.copy)(periods / source, alone)
    with pytest.raises(InputError, match="its stations .stations.csv, SHA-256 .* is missing: .* with --stations"):
        run({"from": str(alone), "out": str(tmp_path / "o.nc")}, "reanalyse-period")
    repeated = run(
        {"from": str(alone), "out": str(tmp_path / "o.nc"), "stations": str(moved), "model": str(periods / "own.safetensors")},
        "reanalyse-period",
    )
    assert repeated["repeated"]["identical"]


def test_a_folder_of_two_runs_says_so(periods, tmp_path):
    """As where a table grew: the days of before keep what was said of them."""
    shutil.copytree(periods / "p", tmp_path / "p")
    first = sorted((tmp_path / "p").glob("*.tif"))[0]
    with rasterio.open(first, "r+") as raster:
        raster.update_tags(inputs="[]")
    for name in ("stations.csv", "own.safetensors"):
        shutil.copy(periods / name, tmp_path)
    progress = Progress()
    result = JOBS["reanalyse-period"]({"from": str(tmp_path / "p"), "out": str(tmp_path / "o.nc")}, progress)
    assert result["repeated"]["identical"] and any("are of 2 runs" in warning for warning in progress.warnings)


def test_another_column_than_recorded_is_refused_by_its_readings(made):
    """What is given beside --from wins where it may, and the readings must come out the same."""
    folder, _ = made
    with pytest.raises(InputError, match="its readings of pm25 have changed"):
        again(folder, value="rh")


def test_files_behind_a_path_are_those_that_are_read(tmp_path):
    for day in range(1, 8):
        (tmp_path / f"pm_201901{day:02d}.csv").write_text(f"{day}")
    pattern = f"{tmp_path}/pm_{{date:%Y%m%d}}.csv"
    near = files_of(pattern, (date(2019, 1, 3), date(2019, 1, 3)))
    assert list(near) == ["pm_20190102.csv", "pm_20190103.csv", "pm_20190104.csv"]
    assert len(files_of(pattern)) == len(files_of(str(tmp_path))) == 7
    assert short_name(pattern) == "pm_{date:%Y%m%d}.csv" and short_name("/home/anna/a.gpkg|layername=b") == "a.gpkg|layername=b"


names = st.text("abc/ .é", min_size=1, max_size=12)


@given(names, names)
def test_changing_every_path_to_itself_changes_nothing(file, other):
    request = {
        "stations": file,
        "rh": f"{file}:c",
        "inputs": [f"temperature={other}:t"],
        "input_options": [f"temperature.sites={other}", "temperature.unit=K"],
        "value": "v",
        "grid": "china12km",
    }
    assert with_files(request, lambda role, path: path) == request
    assert files_named(request) == {"stations": file, "rh": file, "temperature": other, "temperature_sites": other}


@given(st.dictionaries(names, st.text("0123456789abcdef", min_size=4, max_size=4), min_size=2, max_size=5))
def test_the_combined_hash_asks_for_no_order(hashes):
    assert combined(hashes) == combined(dict(reversed(hashes.items())))
    changed = {**hashes, next(iter(hashes)): "other"}
    assert combined(changed) != combined(hashes)


def test_the_tolerance_is_a_share_of_the_value_or_of_the_mean():
    field = np.array([[0.0, 10.0], [20.0, np.nan]], np.float32)
    assert difference({"a": field}, {"a": field.copy()}) == (True, 0.0, True)
    assert difference({"a": field}, {"a": field + np.float32(0.9 * TOLERANCE * 10)})[2]
    assert not difference({"a": field}, {"a": field * np.float32(1 + 2 * TOLERANCE)})[2]
    assert difference({"a": field}, {"a": np.nan_to_num(field)}) == (False, float("inf"), False)
