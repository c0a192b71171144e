"""A choice is taken by its word and by the number that QGIS's help offers, everywhere in the same way."""

from __future__ import annotations

import pytest
from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingParameterEnum
from small_world import SMALL_GRID


def enums():
    algorithms = QgsApplication.processingRegistry().providerById("ctm_reanalysis").algorithms()
    return [
        (algorithm, parameter)
        for algorithm in algorithms
        for parameter in algorithm.parameterDefinitions()
        if isinstance(parameter, QgsProcessingParameterEnum)
    ]


def test_every_choice_takes_words_and_numbers(plugin):
    assert len(enums()) > 20
    for algorithm, parameter in enums():
        name = f"{algorithm.name()}: {parameter.name()}"
        for number, option in enumerate(parameter.options()):
            for value in (option, option.partition(":")[0], number, str(number), float(number)):
                assert parameter.checkValueIsAcceptable(value), name
                found = parameter.named(value)
                assert found == option or parameter.allowMultiple() and found == [option], name
        wrong = (len(parameter.options()), -1, True)  # of a grid a word may be a file; `check_grid` says that it is none
        for value in wrong if parameter.name() == "GRID" else (*wrong, "parrots"):
            assert not parameter.checkValueIsAcceptable(value), name


def test_several_at_once(plugin):
    parameter = QgsApplication.processingRegistry().algorithmById("ctm_reanalysis:crossvalidate").parameterDefinition("BASELINES")
    both = [parameter.options()[0], parameter.options()[2]]
    assert [option.partition(":")[0] for option in both] == ["idw", "oklog"]
    for value in ([0, 2], ["idw", "oklog"], "0,2", "idw, oklog", ["0", "oklog"], both, ", ".join(both)):
        assert parameter.named(value) == both and parameter.checkValueIsAcceptable(value)
    assert not parameter.checkValueIsAcceptable([0, 99])


@pytest.mark.parametrize("species", [1, "1", "pm10", "pm10: PM10"])
def test_a_run_takes_the_number_for_the_word(run, stations, log, tmp_path, species):
    run("gridstations", STATIONS=stations, VALUE="pm25", SPECIES=species, GRID=SMALL_GRID, OUTPUT=str(tmp_path / "out.tif"))
    assert "PM10: 60 of 60 readings used" in log.text


def test_a_modelers_child_and_qgis_process_ask_the_parameter_itself(plugin):
    """They look at each value before the algorithm does."""
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("ctm_reanalysis:readstations")
    assert algorithm.parameterDefinition("STEP").checkValueIsAcceptable("1", QgsProcessingContext())


def test_qgis_process_takes_numbers(qgis_process, tmp_path):
    table = tmp_path / "stations.csv"
    table.write_text("id,lon,lat,day,ozone\na,116,40,05/04/22,60\n", encoding="utf-8")
    result = qgis_process(
        "ctm_reanalysis:readstations", FILE=table, SPECIES=2, VALUE="ozone", TIME="day", ID="id", DATE_ORDER=1, OUTPUT=tmp_path / "out.gpkg"
    )
    assert (result["FIRST_DAY"], result["COUNT_USED"], result["STATIONS"]) == ("2022-04-05", 1, 1)
