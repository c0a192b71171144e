"""Features reach the engine's table as they are."""

from __future__ import annotations

import csv
import json
import os
import subprocess

import pytest
from conftest import ROOT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qgis.core import NULL, QgsFeature, QgsGeometry, QgsPointXY, QgsProcessingContext, QgsProcessingFeatureSource, QgsVectorLayer
from qgis.PyQt.QtCore import QDate, QDateTime, QTime

ANY_NUMBER = st.floats(allow_nan=False, allow_infinity=False, width=64)


@pytest.fixture
def write(plugin, tmp_path):
    """Write features of (geometry, *attributes) and read the table back."""
    from ctm_reanalysis.plugin.stations import write_readings

    def write(definition: str, rows: list, fields: list[str], near=None) -> list[dict]:
        layer = QgsVectorLayer(definition, "layer", "memory")
        for geometry, *attributes in rows:
            feature = QgsFeature(layer.fields())
            feature.setGeometry(geometry)
            feature.setAttributes(attributes)
            assert layer.dataProvider().addFeatures([feature])[0]
        source = QgsProcessingFeatureSource(layer, QgsProcessingContext())
        count = write_readings(source, fields, tmp_path / "table.csv", near=near)
        with open(tmp_path / "table.csv", encoding="utf-8", newline="") as file:
            table = list(csv.DictReader(file))
        assert len(table) == count
        return table

    return write


def point(x=1.0, y=2.0):
    return QgsGeometry.fromPointXY(QgsPointXY(x, y))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANY_NUMBER, ANY_NUMBER, ANY_NUMBER)
def test_numbers_keep_every_digit(write, x, y, value):
    (row,) = write("Point?field=pm25:double", [(point(x, y), value)], ["pm25"])
    assert (float(row["point x"]), float(row["point y"]), float(row["pm25"])) == (x, y, value)


def test_text_stays_and_null_is_empty(write):
    rows = write("Point?field=v:string", [(point(), "12.5"), (point(), "-;"), (point(), NULL), (point(), '北京, a "b"')], ["v"])
    assert [row["v"] for row in rows] == ["12.5", "-;", "", '北京, a "b"']


def test_dates_are_iso(write):
    when = QDateTime(QDate(2018, 2, 20), QTime(7, 0))
    (row,) = write("Point?field=d:date&field=t:datetime", [(point(), QDate(2018, 2, 20), when)], ["d", "t"])
    assert row["d"] == "2018-02-20" and row["t"].startswith("2018-02-20T07:00:00")


def test_what_is_no_point_has_no_position_but_a_row(write):
    two = QgsGeometry.fromMultiPointXY([QgsPointXY(1, 2), QgsPointXY(3, 4)])
    one = QgsGeometry.fromMultiPointXY([QgsPointXY(5, 6)])
    rows = write("MultiPoint?field=v:int", [(two, 1), (one, 2), (QgsGeometry(), 3)], ["v"])
    assert [(row["point x"], row["v"]) for row in rows] == [("", "1"), ("5.0", "2"), ("", "3")]


def test_a_field_used_twice_is_written_once_and_may_be_called_x(write):
    (row,) = write("Point?field=x:string&field=y:string", [(point(), "7", "8")], ["x", "y", "x"])
    assert row == {"point x": "1.0", "point y": "2.0", "x": "7", "y": "8"}


def test_a_plain_table_gives_its_lon_and_lat(write):
    (row,) = write("NoGeometry?field=Lon:double&field=LAT:double&field=v:int", [(QgsGeometry(), 116.4, 39.9, 5)], ["v"])
    assert row == {"point x": "116.4", "point y": "39.9", "v": "5"}


@pytest.mark.parametrize("kind", ["date", "datetime", "string"])
def test_years_around_a_chosen_day_are_spared_where_the_type_tells(write, kind):
    """Of times one day is left on each side, since a provider or a time zone may shift them; a date is a date."""

    def at(day):
        when = QDate(2018, 2, 1).addDays(day)
        as_text = when.toString("yyyy-MM-dd")
        return {"date": when, "datetime": QDateTime(when, QTime(23, 59)), "string": as_text}[kind]

    rows = [(point(), at(day), day) for day in range(30)] + [(point(), NULL, 99)]
    days = [
        int(row["v"]) for row in write(f"Point?field=t:{kind}&field=v:int", rows, ["v", "t"], ("t", QDate(2018, 2, 11), QDate(2018, 2, 11)))
    ]
    assert days == {"string": [*range(30), 99], "datetime": [9, 10, 11, 99], "date": [10, 99]}[kind]


NUMBERS = ["12", "13,5", "-0.4", "\u22123", "1.031,2", "1,031.2", "1 031,5", "5e-3", ".5", "+7", "0,125", "1.031.200"]
TEXTS = ["", "-", "n.d.", "<3", "-;", "13.5 (a)", "2018-02-20", "07:00", "1.2.3", "e5", ",", "True"]


@pytest.mark.parametrize("text", [*NUMBERS, *TEXTS])
def test_a_number_is_what_the_engine_takes_for_one(plugin, numbers_of_engine, text):
    from ctm_reanalysis.plugin.stations import is_number

    assert is_number(text) == numbers_of_engine[text] == (text in NUMBERS)


@pytest.fixture(scope="module")
def numbers_of_engine():
    """Whether the engine reads each text, alone in its column, as a number."""
    program = (
        "import json, sys; import numpy as np, pandas as pd; from model_core.stations.numbers import numbers\n"
        "json.dump({text: bool(np.isfinite(numbers(pd.Series([text]))[0][0])) for text in json.load(sys.stdin)}, sys.stdout)"
    )
    done = subprocess.run(
        [os.environ["CTM_REANALYSIS_ENGINE_PYTHON"], "-c", program],
        input=json.dumps([*NUMBERS, *TEXTS]),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    return json.loads(done.stdout)
