"""Every published form, as it is downloaded, gives its readings through the one door for tables; the tables are those of test_forms."""

import tomllib
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model_core.errors import InputError
from model_core.stations.observations import read_observations

with open(Path(__file__).with_name("form_tables.toml"), "rb") as file:
    TABLES = {name: (entry["table"], entry["readings"]) for name, entry in tomllib.load(file).items()}
NO_READING = -99.0  # what SIMAT writes for it


@pytest.mark.parametrize("which", TABLES)
@pytest.mark.parametrize("form", ["auto", "named"])
def test_a_table_in_the_exact_form_gives_its_readings(which, form, tmp_path):
    text, expected = TABLES[which]
    name = which.split(",")[0]
    path = tmp_path / "AT30101.csv"
    path.write_text(text, encoding="utf-8")
    means = defaultdict(list)  # readings of several instruments at one station and time are averaged
    for station, time, value in expected:
        if value != NO_READING:
            means[station, time].append(value)
    options = {"form": "auto" if form == "auto" else name}
    try:
        found = read_observations(path, None, **options)
    except InputError as error:
        if "--sites" not in str(error) and "named" not in str(error):
            raise
        codes = sorted({station for station, _, _ in expected})
        sites = tmp_path / "sites.csv"
        pd.DataFrame({"code": codes, "lon": 100.0 + np.arange(len(codes)), "lat": 40.0}).to_csv(sites, index=False)
        found = read_observations(path, None, sites=str(sites), **options)
    times = [str(time)[:13].replace("T", " ") for time in found.time]
    read = {(station, time): value for station, time, value in zip(found.id, times, found.value)}
    assert read.keys() == means.keys()
    assert read == {key: pytest.approx(np.mean(values)) for key, values in means.items()}
