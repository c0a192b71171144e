"""Read station table: a clean, styled point layer that the other algorithms take as it is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from qgis.core import (
    QgsApplication,
    QgsDateTimeRange,
    QgsFeatureRequest,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputLayerDefinition,
    QgsProject,
    QgsVectorLayer,
    QgsVectorLayerTemporalContext,
)
from qgis.PyQt.QtCore import QDate, QDateTime, QTime
from small_world import DAYS, LAMBERT, SMALL_GRID, readings_of


@pytest.fixture
def table(tmp_path):
    """Two days of hours in a dress of its own: semicolons, decimal commas, 24:00, a flag."""
    lines = ["Messnetz;Stunde;Rechtswert;Hochwert;Feinstaub;Status"]
    for day in DAYS[:2]:
        for station, (x, y, value) in enumerate(readings_of(day)[:20]):
            place = f"{x:.3f};{y:.3f}".replace(".", ",")
            reading = f"{value:.4f}".replace(".", ",")
            lines += [f"S{station};{day:%d.%m.%Y} {hour:02d}:00;{place};{reading};V" for hour in range(1, 25)]
            lines.append(f"S{station};{day:%d.%m.%Y} 12:00;{place};999;I")
    path = tmp_path / "hours.csv"
    path.write_text("\n".join(lines) + "\n", encoding="cp1252")
    return str(path)


COLUMNS = {
    "VALUE": "Feinstaub",
    "TIME": "Stunde",
    "ID": "Messnetz",
    "X": "Rechtswert",
    "Y": "Hochwert",
    "CRS": LAMBERT,
    "WHERE": "Status=V",
    "STAMP": "end",
}


def test_the_layer_holds_what_was_read(run, table, log, tmp_path):
    result = run("readstations", FILE=table, **COLUMNS, OUTPUT=str(tmp_path / "clean.gpkg"))
    assert (result["COUNT_USED"], result["COUNT_DROPPED"], result["STATIONS"]) == (960, 0, 20)
    assert (result["FIRST_DAY"], result["LAST_DAY"]) == tuple(map(str, DAYS[:2]))
    layer = QgsVectorLayer(result["OUTPUT"], "clean", "ogr")
    assert {"station", "day", "value", "unit", "species", "hours", "flags"} <= set(layer.fields().names())
    rows = {(feature["station"], feature["day"]): feature for feature in layer.getFeatures()}
    assert len(rows) == layer.featureCount() == 40
    for number, (x, y, value) in enumerate(readings_of(DAYS[1])[:20]):
        feature = rows[f"S{number}", str(DAYS[1])]
        point = feature.geometry().asPoint()
        assert (feature["value"], feature["hours"], feature["species"]) == (pytest.approx(value, abs=1e-3), 24, "pm25")
        assert (point.x(), point.y()) == pytest.approx((x, y), abs=1e-3)
    assert "1000  readings" in log.text and "40  filtered" in log.text and "for example" in log.text


def test_the_layer_goes_on_into_the_field(run, table, stations, tiny_model, read_raster, tmp_path):
    clean = run("readstations", FILE=table, **COLUMNS, OUTPUT=str(tmp_path / "clean.gpkg"))["OUTPUT"]
    result = run(
        "reanalyse",
        STATIONS=clean,
        VALUE="value",
        TIME="day",
        ID="station",
        DATE=str(DAYS[1]),
        GRID=SMALL_GRID,
        MODEL=tiny_model,
        DEVICE="cpu",
        OUTPUT=str(tmp_path / "field.tif"),
    )
    assert (result["COUNT_USED"], result["DATE"]) == (20, str(DAYS[1]))


def test_hours_stay_hours_and_a_period_is_cut_out(run, table, tmp_path):
    result = run(
        "readstations",
        FILE=table,
        **COLUMNS,
        STEP="hour",
        START=str(DAYS[1]),
        END=str(DAYS[1] + timedelta(days=3)),
        OUTPUT=str(tmp_path / "hours.csv"),
    )
    assert (result["COUNT_USED"], result["COUNT_DROPPED"], result["FIRST_DAY"]) == (480, 0, str(DAYS[1]))


def test_the_toolbox_loads_it_with_name_and_colours(plugin, table):
    from processing.gui.Postprocessing import handleAlgorithmResults

    project = QgsProject.instance()
    project.clear()
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("ctm_reanalysis:readstations")
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
    context.setProject(project)
    values = {"FILE": table, **COLUMNS, "OUTPUT": QgsProcessingOutputLayerDefinition(QgsProcessing.TEMPORARY_OUTPUT, project)}
    assert algorithm.checkParameterValues(values, context) == (True, "")
    results, ok = algorithm.run(values, context, feedback)
    assert ok and handleAlgorithmResults(algorithm, context, feedback, parameters=values), feedback.textLog()
    (layer,) = project.mapLayers().values()
    assert layer.name() == f"PM2.5 readings {DAYS[0]} – {DAYS[1]} (µg m⁻³)"
    assert (layer.renderer().type(), layer.renderer().classAttribute()) == ("graduatedSymbol", "value")
    ranges = layer.renderer().ranges()
    assert ranges[0].lowerValue() < 0 and ranges[-1].upperValue() > 1000
    assert len({one.symbol().color().name() for one in ranges}) == len(ranges)
    assert [shown(layer, DAYS[0], hour) for hour in (0, 23)] == [20, 20] and shown(layer, DAYS[2], 0) == 0
    project.clear()


def shown(layer, day, hour: int) -> int:
    """Features that the temporal controller shows at an hour."""
    begin = QDateTime(QDate(day.year, day.month, day.day), QTime(hour, 0))
    context = QgsVectorLayerTemporalContext()
    context.setLayer(layer)
    text = layer.temporalProperties().createFilterString(context, QgsDateTimeRange(begin, begin.addSecs(3599)))
    return len(list(layer.getFeatures(QgsFeatureRequest().setFilterExpression(text))))


@pytest.mark.parametrize(
    "spoil, expected",
    [
        ({"FILE": ""}, "Choose a table of readings, or a folder"),
        ({"FOLDER": "tables"}, "one of them"),
        ({"OUTPUT": "readings.shp"}, "must end in .gpkg, .csv, .parquet"),
        ({"START": "2019-02-01", "END": "2019-01-01"}, "before the first"),
        ({"OUTPUT": "/no/such/folder/out.gpkg"}, "does not exist"),
    ],
)
def test_what_can_not_be_is_refused(refusal, table, tmp_path, spoil, expected):
    values = {"FILE": table, **COLUMNS, "OUTPUT": str(tmp_path / "out.gpkg")}
    assert refusal("readstations", **values) == ""
    assert expected in refusal("readstations", **{**values, **spoil})


def test_a_folder_of_tables_and_a_file_that_is_not_there(run, tmp_path):
    folder = tmp_path / "tables"
    folder.mkdir()
    for number in (1, 2):
        (folder / f"{number}.csv").write_text(f"id,lon,lat,day,pm25\ns{number},116,40,2019-01-0{number},{number}0\n", encoding="utf-8")
    result = run("readstations", FOLDER=str(folder), VALUE="pm25", TIME="day", ID="id", OUTPUT=str(tmp_path / "out.gpkg"))
    assert (result["STATIONS"], result["FIRST_DAY"], result["LAST_DAY"]) == (2, "2019-01-01", "2019-01-02")
    with pytest.raises(QgsProcessingException, match="nowhere.csv"):
        run("readstations", FILE=str(tmp_path / "nowhere.csv"), VALUE="pm25", OUTPUT=str(tmp_path / "out.gpkg"))


def test_the_engine_speaks_of_parameters_by_their_labels(run, table, tmp_path):
    with pytest.raises(QgsProcessingException, match="'Column with the reading'") as error:
        run("readstations", FILE=table, OUTPUT=str(tmp_path / "out.gpkg"))
    assert "--" not in str(error.value)


def test_a_model_may_start_from_it(plugin, table, tmp_path):
    """In the graphical modeler: table -> clean layer -> raster; choices by word, by number and by what stands in the dialog."""
    from qgis.core import (
        QgsProcessingModelAlgorithm,
        QgsProcessingModelChildAlgorithm,
        QgsProcessingModelChildParameterSource,
        QgsProcessingModelOutput,
    )

    def child(name, **sources):
        step = QgsProcessingModelChildAlgorithm(f"ctm_reanalysis:{name}")
        step.setChildId(name)
        for parameter, source in sources.items():
            step.addParameterSources(parameter, [source])
        return step

    def fixed(values):
        return {name: QgsProcessingModelChildParameterSource.fromStaticValue(value) for name, value in values.items()}

    model = QgsProcessingModelAlgorithm("table to raster", "tests")
    model.addChildAlgorithm(
        child(
            "readstations",
            **fixed(
                {
                    "FILE": table,
                    **COLUMNS,
                    "FORM": "none",
                    "SPECIES": 1,
                    "DATE_ORDER": "dmy: day month year",
                    "OUTPUT": QgsProcessing.TEMPORARY_OUTPUT,
                }
            ),
        )
    )
    gridding = child(
        "gridstations",
        STATIONS=QgsProcessingModelChildParameterSource.fromChildOutput("readstations", "OUTPUT"),
        **fixed({"VALUE": "value", "TIME": "day", "ID": "station", "DATE": str(DAYS[1]), "SPECIES": "pm10", "GRID": SMALL_GRID}),
    )
    output = QgsProcessingModelOutput("raster")
    output.setChildId("gridstations")
    output.setChildOutputName("OUTPUT")
    gridding.setModelOutputs({"raster": output})
    model.addChildAlgorithm(gridding)
    model.initAlgorithm()
    feedback = QgsProcessingFeedback()
    results, ok = model.run({"gridstations:raster": str(tmp_path / "cells.tif")}, QgsProcessingContext(), feedback)
    assert ok and "PM10: 20 of 40 readings used" in feedback.textLog(), feedback.textLog()
