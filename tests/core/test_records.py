"""Whatever a command writes says how it was made: engine, model, inputs with their hashes, parameters, and no folder of anyone's."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pyproj import Transformer

from model_core import __version__
from model_core.ctm.fields import read_ctm
from model_core.errors import InputError
from model_core.jobs import JOBS
from model_core.model_file import load_model
from model_core.output import write_geotiff
from model_core.progress import Progress
from model_core.provenance.files import with_files
from model_core.provenance.reading import read_record
from model_core.provenance.record import Record, record_of
from model_core.provenance.writing import png_with


@pytest.fixture(scope="module")
def folder(tiny_ctm, tiny_model, tmp_path_factory):
    """Stations, a CTM, people and a model, in a folder that has a user's name."""
    folder = tmp_path_factory.mktemp("anna")
    ctm = read_ctm(tiny_ctm)
    row, column = (place.ravel() for place in np.mgrid[4:36:6, 4:44:6])
    lon, lat = Transformer.from_crs(ctm.grid.crs, "EPSG:4326", always_xy=True).transform(ctm.grid.x[column], ctm.grid.y[row])
    days = [
        pd.DataFrame(
            {"station": range(len(row)), "day": str(ctm.times[day]), "lon": lon, "lat": lat, "pm25": ctm.fields["pm25"][day][row, column]}
        )
        for day in (6, 7)
    ]
    pd.concat(days).to_csv(folder / "stations.csv", index=False)
    write_geotiff(folder / "people.tif", ctm.grid, [("people", np.full(ctm.grid.shape, 3.0, np.float32), "people")], {})
    shutil.copy(tiny_ctm, folder / "ctm.nc")
    shutil.copy(tiny_model, folder / "own.safetensors")
    return folder


@pytest.fixture(scope="module")
def written(folder, tiny_configuration):
    """Each output with the command that wrote it, and the names of its inputs."""
    stations = {"stations": "stations.csv", "value": "pm25", "time": "day", "id": "station"}
    model = {"model": "own.safetensors", "device": "cpu"}
    day = {"date": "2019-01-11", "grid": "ctm.nc"}
    ctm, small = {"ctm": ["ctm.nc"]}, f"0,-600000,360000,-240000,36000@{read_ctm(folder / 'ctm.nc').grid.proj_string}"
    runs = [
        ("reanalyse-period", {**stations, **model, "grid": "ctm.nc", "out": "fields.nc"}, ["fields.nc"], ["stations.csv"]),
        ("grid-stations", {**stations, **day, "out": "means.tif"}, ["means.tif"], ["stations.csv"]),
        ("read-stations", {**stations, "out": "table.gpkg"}, ["table.gpkg"], ["stations.csv"]),
        ("read-stations", {**stations, "out": "table.parquet"}, ["table.parquet"], ["stations.csv"]),
        (
            "reanalyse",
            {**stations, **model, **day, "out": "day.tif", "readings": "used.gpkg", "report": "day.html"},
            ["day.tif", "used.gpkg", "day.html"],
            ["stations.csv"],
        ),
        (
            "aggregate",
            {
                "fields": ["fields.nc"],
                "by": "period",
                **stations,
                "out": "means.nc",
                "panel": "panel.png",
                "station_means": "means.parquet",
            },
            ["means.nc", "panel.png", "means.parquet"],
            ["stations.csv", "fields.nc"],
        ),
        ("aggregate", {"fields": ["fields.nc"], "by": "period", "out": "means"}, ["means"], ["fields.nc"]),
        (
            "exposure",
            {"fields": ["fields.nc"], "population": "people.tif", "out": "people.gpkg", "chart": "people.png", "report": "people.html"},
            ["people.gpkg", "people.png", "people.html"],
            ["people.tif", "fields.nc"],
        ),
        (
            "exposure",
            {"fields": ["fields.nc"], "population": "people.tif", "out": "people.parquet"},
            ["people.parquet"],
            ["people.tif", "fields.nc"],
        ),
        ("animate", {"series": "fields.nc", "width": 300, "out": "film.gif"}, ["film.gif"], ["fields.nc"]),
        ("animate", {"series": "fields.nc", "width": 300, "out": "film"}, ["film/2019-01-11T0000.png"], ["fields.nc"]),
        (
            "compareraster",
            {"fields": ["fields.nc"], "other": ["day.tif"], "out": "against"},
            ["against/scores.json", "against/difference.tif"],
            ["fields.nc", "day.tif"],
        ),
        (
            "crossvalidate",
            {**stations, **model, **day, "folds": 2, "baselines": ["idw"], "out": "cv", "report": "cv.html"},
            ["cv/scores.json", "cv/points.gpkg", "cv.html"],
            ["stations.csv"],
        ),
        ("evaluate-ctm", {**ctm, **stations, "out": "ctm"}, ["ctm/scores.json", "ctm/points.gpkg"], ["stations.csv", "ctm.nc"]),
        (
            "reproduce",
            {**ctm, **model, "start": "2019-01-12", "out": "again", "report": "again.html"},
            ["again/scores.json", "again.html"],
            ["ctm.nc"],
        ),
        ("describe", {**stations, "model": "own.safetensors", "grid": small, "out": "seen"}, ["seen/description.json"], ["stations.csv"]),
        ("covariates", {"mcip": "ctm.nc", "grid": small, "out": "maps.nc"}, ["maps.nc"], ["ctm.nc"]),
        ("simulate", {"grid": small, "days": 1, "terrain": "ctm.nc", "out": "more.nc"}, ["more.nc"], ["ctm.nc"]),
        (
            "train",
            {**ctm, "config": str(tiny_configuration), "iterations": 2, "device": "cpu", "out": "new.safetensors", "report": "new.html"},
            ["new.safetensors", "new.html"],
            ["tiny.toml", "ctm.nc"],
        ),
    ]
    found = {}
    for command, request, outputs, inputs in runs:
        places = {
            key: str(folder / request[key])
            for key in ("out", "report", "readings", "chart", "panel", "station_means", "model", "grid")
            if key in request
        }
        places |= {} if places.get("grid", "").endswith(".nc") else {"grid": small} if "grid" in places else {}
        whole = with_files({**request, **places}, lambda role, path: str(folder / path))
        JOBS[command](whole, Progress())
        found |= dict.fromkeys(outputs, (command, inputs))
    return found


OUTPUTS = [
    *("means.tif", "table.gpkg", "table.parquet", "day.tif", "used.gpkg", "day.html", "fields.nc"),
    *("means.nc", "panel.png", "means.parquet", "means", "people.gpkg", "people.png", "people.html", "people.parquet"),
    *(
        "film.gif",
        "film/2019-01-11T0000.png",
        "against/scores.json",
        "against/difference.tif",
        "cv/scores.json",
        "cv/points.gpkg",
        "cv.html",
    ),
    *("ctm/scores.json", "ctm/points.gpkg", "again/scores.json", "again.html", "seen/description.json", "maps.nc", "more.nc"),
    *("new.safetensors", "new.html"),
]
WITHOUT_MODEL = {"grid-stations", "read-stations", "evaluate-ctm", "covariates", "simulate", "train"}


@pytest.mark.parametrize("output", OUTPUTS)
def test_an_output_names_engine_model_inputs_and_parameters(written, folder, output):
    command, inputs = written[output]
    record = read_record(folder / output)
    assert record.engine_version == __version__ and record.request["command"] == command
    assert [one["name"] for one in record.inputs] == inputs
    for one in record.inputs:
        if (folder / one["name"]).exists():
            assert one["sha256"] == hashlib.sha256((folder / one["name"]).read_bytes()).hexdigest()
    model = load_model(str(folder / "own.safetensors"))
    assert (record.model_name, record.model_sha256) == (("", "") if command in WITHOUT_MODEL else ("own", model.sha256))
    assert str(folder.name) not in json.dumps([record.request, record.inputs]), "no folder is named"


def test_the_list_of_outputs_is_whole(written):
    assert set(written) == set(OUTPUTS)


def test_a_picture_keeps_its_pixels(folder, written, tmp_path):
    plain = folder / "people.tif"
    Image.new("RGB", (3, 2), "#803020").save(tmp_path / "a.png")
    record = Record(__version__, {"command": "exposure", "fields": ["é.tif"]}, ({"role": "fields", "name": plain.name},))
    (tmp_path / "b.png").write_bytes(png_with((tmp_path / "a.png").read_bytes(), record))
    with Image.open(tmp_path / "a.png") as one, Image.open(tmp_path / "b.png") as other:
        assert one.tobytes() == other.tobytes()
    assert read_record(tmp_path / "b.png") == record
    with pytest.raises(InputError, match="does not say how it was made"):
        read_record(tmp_path / "a.png")


def test_files_of_one_name_in_two_folders_are_two(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "day.nc").write_text(name)
    record = record_of("evaluate-ctm", {"ctm": [str(tmp_path / "a" / "day.nc"), str(tmp_path / "b" / "day.nc")]})
    (ctm,) = record.inputs
    assert ctm["name"] == "day.nc and 1 more" and len(set(ctm["files"].values())) == 2
    assert record.request["ctm"] == ["day.nc", "day.nc"]


def test_what_ships_under_a_name_is_no_file(tmp_path):
    (tmp_path / "provinces.gpkg").write_bytes(b"shapes")
    assert record_of("reproduce", {"mask": "china", "config": "improved"}).inputs == ()
    (mask,) = record_of("reproduce", {"mask": str(tmp_path / "provinces.gpkg")}).inputs
    assert mask["role"] == "mask" and mask["sha256"] == hashlib.sha256(b"shapes").hexdigest()


def test_where_outputs_go_is_not_told():
    request = dict.fromkeys(("out", "report", "readings", "chart", "panel", "table", "station_means", "cache"), "/home/anna/x")
    assert record_of("aggregate", {**request, "by": "year"}).request == {"command": "aggregate", "by": "year"}


def test_every_command_that_writes_is_tried():
    read_only = {"info", "inspect", "modelcard"}  # the card's page names the model's hashes, and reads nothing else
    text = Path(__file__).read_text(encoding="utf-8")
    assert all(f'"{command}"' in text for command in set(JOBS) - read_only)
