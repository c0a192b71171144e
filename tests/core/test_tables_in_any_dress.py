"""Known readings written in any dress come back as they were, or the table is refused with a reason; they never come back as others."""

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from model_core.errors import InputError
from model_core.stations.observations import read_observations

DATES = {
    "iso": ("%Y-%m-%d", "auto"),
    "compact": ("%Y%m%d", "auto"),
    "slashes": ("%Y/%m/%d", "auto"),
    "dots": ("%d.%m.%Y", "dmy"),
    "us": ("%m/%d/%Y", "mdy"),
    "short": ("%d/%m/%y", "dmy"),
    "words": ("%d %b %Y", "auto"),
    "chinese": ("%Y年%m月%d日", "auto"),
}
CLOCKS = {"minutes": "%H:%M", "seconds": "%H:%M:%S", "am and pm": "%I:%M %p", "zulu": "%H:%M:%SZ"}
GAPS = ["", "NA", "null", "-999", "n.d.", "-;"]


@st.composite
def dresses(draw):
    """How a table is written."""
    separator = draw(st.sampled_from([",", ";", "\t", "|"]))
    date = draw(st.sampled_from(sorted(DATES)))
    return {
        "separator": separator,
        "decimal": draw(st.sampled_from([".", ","])),
        "encoding": draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"])),
        "date": date,
        "clock": draw(st.sampled_from(sorted(CLOCKS))),
        "two columns": draw(st.booleans()),
        "order": draw(st.sampled_from(["said", "auto"])),
        "preamble": draw(st.integers(0, 3)),
        "quoted": draw(st.booleans()),
        "columns": draw(st.permutations(["station", "lon", "lat", "pm25", "when", "Ort"])),
        "gaps": draw(st.lists(st.sampled_from(GAPS), max_size=3)),
        "line": draw(st.sampled_from(["\n", "\r\n"])),
        "trailing": draw(st.booleans()),
    }


READINGS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 40), st.integers(0, 23), st.integers(0, 5000)),
    min_size=3,
    max_size=25,
    unique_by=lambda row: row[:3],
)


def write(path, readings, dress):
    """The table in its dress; every reading and, as rows of the same stations, gaps."""

    def number(value, places):
        text = f"{value:.{places}f}"
        return text.replace(".", dress["decimal"])

    def cell(text):
        needs = dress["quoted"] or dress["separator"] in text
        return f'"{text}"' if needs else text

    form, clock = DATES[dress["date"]][0], CLOCKS[dress["clock"]]
    header = ["station", "lon", "lat", "pm25", "when", "Ort"]
    rows = []
    for station, day, hour, tenths in readings:
        moment = datetime(2019, 1, 20) + timedelta(days=day, hours=hour)
        rows.append((station, moment, number(tenths / 10, 1)))
    for number_of, gap in enumerate(dress["gaps"]):
        rows.append((0, datetime(2019, 3, 5) + timedelta(hours=number_of), gap))
    lines = []
    for station, moment, value in rows:
        day, time = moment.strftime(form), moment.strftime(clock)
        cells = {
            "station": f"S{station}",
            "lon": number(100 + station * 0.5, 2),
            "lat": number(30 + station * 0.25, 2),
            "pm25": value,
            "when": day if dress["two columns"] else f"{day} {time}",
            "Ort": "Köln" if station % 2 and dress["encoding"] != "gb18030" else "北京",
            "hour": time,
        }
        order = [*dress["columns"], *(["hour"] if dress["two columns"] else [])]
        lines.append(dress["separator"].join(cell(cells[name]) for name in order) + dress["separator"] * dress["trailing"])
    order = [*dress["columns"], *(["hour"] if dress["two columns"] else [])]
    assert set(header) == set(dress["columns"])
    top = [f"Air quality network, line {i}" for i in range(dress["preamble"])]
    names = dress["separator"].join(order) + dress["separator"] * dress["trailing"]
    path.write_bytes((dress["line"].join([*top, names, *lines]) + dress["line"]).encode(dress["encoding"]))
    return {
        (f"S{station}", datetime(2019, 1, 20) + timedelta(days=day, hours=hour)): tenths / 10 for station, day, hour, tenths in readings
    }


@given(READINGS, dresses())
@settings(max_examples=100)
def test_readings_come_back_as_they_were_written_or_not_at_all(readings, dress):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stations.csv"
        known = write(path, readings, dress)
        order = DATES[dress["date"]][1] if dress["order"] == "said" else "auto"
        try:
            found = read_observations(
                path, "pm25", time="when+hour" if dress["two columns"] else "when", id="station", form="auto", date_order=order
            )
        except InputError as error:
            assert str(error)
            return
    assert {(name, time.item()): value for name, time, value in zip(found.id, found.time, found.value)} == known
    assert found.report.used == len(known) and found.report.rows == len(known) + len(dress["gaps"])
    places = {name: (x, y) for name, x, y in zip(found.id, found.x, found.y)}
    assert places == {f"S{i}": (100 + i * 0.5, 30 + i * 0.25) for i in {row[0] for row in readings}}
    assert np.isfinite(found.value).all()


@given(READINGS)
@settings(max_examples=30)
def test_the_plainest_dress_is_never_refused(readings):
    dress = {
        "separator": ",",
        "decimal": ".",
        "encoding": "utf-8",
        "date": "iso",
        "clock": "minutes",
        "two columns": False,
        "order": "auto",
        "preamble": 0,
        "quoted": False,
        "columns": ["station", "lon", "lat", "pm25", "when", "Ort"],
        "gaps": [],
        "line": "\n",
        "trailing": False,
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stations.csv"
        known = write(path, readings, dress)
        found = read_observations(path, "pm25", time="when", id="station")
    assert sorted(found.value) == sorted(known.values())
