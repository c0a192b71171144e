"""What a record says of a QGIS layer: its name and source, what of it was used, and SHA-256 that change with what was used, not with the hour."""

import hashlib
import json

import geopandas
import pytest
from shapely.geometry import box

from model_core.errors import InputError
from model_core.jobs import JOBS
from model_core.jobs.options import checked
from model_core.progress import Progress
from model_core.provenance.inputs import input_of_layer, shapes_sha256
from model_core.provenance.record import record_of


@pytest.fixture
def handed(tmp_path):
    """Two polygons as QGIS hands them over."""
    return polygons(tmp_path / "polygons.gpkg")


def polygons(path, names=("west", "east"), width=1.0, field="name"):
    shapes = [box(0, 0, width, 1), box(2, 0, 3, 1)]
    geopandas.GeoDataFrame({field: list(names)}, geometry=shapes, crs="EPSG:4326").to_file(path, layer="polygons")
    return path


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def file(tmp_path):
    """The file of a layer, in a folder that has a user's name."""
    (tmp_path / "anna").mkdir()
    (tmp_path / "anna" / "areas.gpkg").write_bytes(b"areas")
    return tmp_path / "anna" / "areas.gpkg"


def test_a_layer_of_a_file_has_its_name_its_source_and_both_hashes(file, handed):
    told = {"name": "Areas", "file": str(file), "inside": "|layername=counties", "features": 2, "filter": "code < 3", "selected": True}
    entry = input_of_layer("polygons", told, handed, False, content=True)
    assert entry == {
        "role": "polygons",
        "layer": "Areas",
        "source": "areas.gpkg|layername=counties",
        "features": 2,
        "selected": True,
        "filter": "code < 3",
        "sha256": sha256(file),
        "content_sha256": shapes_sha256(handed),
    }
    whole = input_of_layer("polygons", told, handed, True, content=True)
    assert whole == entry | {"source": f"{file}|layername=counties"}


def test_a_layer_of_no_file_or_of_one_that_is_gone_has_no_hash_of_a_file(tmp_path):
    table = tmp_path / "stations.csv"
    table.write_text("pm25\n3\n")
    told = {"name": "Air", "source": "postgres: public.air"}
    assert input_of_layer("stations", told, table, True, content=False) == {
        "role": "stations",
        "layer": "Air",
        "source": "postgres: public.air",
    }
    assert input_of_layer("stations", "Air", table, True, content=True) == {
        "role": "stations",
        "layer": "Air",
        "content_sha256": sha256(table),
    }
    gone = input_of_layer("stations", {"name": "Air", "file": str(tmp_path / "gone.gpkg")}, table, False, content=False)
    assert gone == {"role": "stations", "layer": "Air", "source": "gone.gpkg"}


def test_a_shapefile_is_hashed_with_what_belongs_to_it(tmp_path, handed):
    for suffix in ("shp", "dbf", "shx", "txt"):
        (tmp_path / f"areas.{suffix}").write_text(suffix)
    entry = input_of_layer("polygons", {"name": "Areas", "file": str(tmp_path / "areas.shp")}, handed, False, content=False)
    assert set(entry["files"]) == {"areas.shp", "areas.dbf", "areas.shx"} and entry["source"] == "areas.shp"


def test_the_hash_of_polygons_is_that_of_their_geometry_and_names(tmp_path, handed):
    same = polygons(tmp_path / "same.gpkg")
    assert shapes_sha256(handed) == shapes_sha256(same), "whenever it was written"
    others = [
        polygons(tmp_path / "a.gpkg", width=1.0000001),
        polygons(tmp_path / "b.gpkg", names=("west", "eas")),
        polygons(tmp_path / "c.gpkg", names=("east", "west")),
        polygons(tmp_path / "d.gpkg", names=("west", None)),
    ]
    assert len({shapes_sha256(path) for path in (handed, *others)}) == 5


def test_a_command_that_hashes_its_readings_needs_no_hash_of_the_table(tmp_path):
    table = tmp_path / "stations.csv"
    table.write_text("pm25\n3\n")
    request = {"stations": str(table), "layers": {"stations": {"name": "Air", "features": 1}}}
    (of_cv,), (of_day,) = (record_of(command, request).inputs for command in ("crossvalidate", "reanalyse"))
    assert of_cv == of_day | {"content_sha256": sha256(table)}


def test_regions_with_the_field_of_their_names_are_a_file_too(handed):
    for text in (str(handed), f"{handed}:name"):
        record = record_of("crossvalidate", {"regions": text})
        assert record.inputs == ({"role": "regions", "name": "polygons.gpkg", "sha256": sha256(handed)},)
        assert record.request["regions"] == text.removeprefix(f"{handed.parent}/")
    (entry,) = record_of("crossvalidate", {"regions": f"{handed}:name", "layers": {"regions": {"name": "Areas"}}}).inputs
    assert entry["content_sha256"] == shapes_sha256(handed)


@pytest.mark.parametrize(
    "layers", ["Air", ["Air"], {"stations": 3}, {"stations": {}}, {"stations": {"name": "Air", "password": "x"}}, {"stations": {"name": 3}}]
)
def test_what_tells_of_no_layer_is_refused(layers):
    with pytest.raises(InputError, match="'layers' must be an object"):
        JOBS["exposure"]({"layers": layers}, Progress())


def test_what_tells_of_layers_is_passed_on():
    layers = {"stations": "Air", "rh": {"name": "Air", "features": 3, "edited": True}}
    assert checked({"layers": json.loads(json.dumps(layers))})["layers"] == layers
