"""A period that goes on as its readings arrive: a folder that fills while a real process follows it."""

import re
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta

import numpy as np
import pytest
import rasterio

from model_core.errors import Cancelled, InputError
from model_core.jobs import JOBS
from model_core.period.follow import files_of, parse_every, parse_until
from model_core.progress import Progress


def write_day(folder, day, level=40.0, stations=20):
    """A day's table, written beside and renamed, as careful feeds do."""
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(110, 120, stations), rng.uniform(28, 36, stations)
    text = "".join(f"S{n},{lon[n]},{lat[n]},{level + 3 * (n % 5)}\n" for n in range(stations))
    partial = folder / f".{day}.part"
    partial.write_text("code,lon,lat,pm25\n" + text)
    partial.rename(folder / f"{day}.csv")


def wait_for(condition, process, seconds=900):
    """Until something is so; every field that is there meanwhile must be a whole file."""
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


def field_of(path):
    with rasterio.open(path) as raster:
        return raster.read(1)


def test_a_folder_that_fills_is_followed_corrected_and_left_whole(tiny_model, tiny_ctm, tmp_path):
    feed, out = tmp_path / "feed", tmp_path / "fields"
    feed.mkdir()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "model_core",
            "reanalyse-period",
            "--stations",
            f"{feed}/{{date:%Y%m%d}}.csv",
            "--value",
            "pm25",
            "--id",
            "code",
            "--grid",
            str(tiny_ctm),
            "--model",
            str(tiny_model),
            "--device",
            "cpu",
            "--follow",
            "--every",
            "0.3",
            "--out",
            str(out),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts what runs in the background, tests perhaps, without ears for Ctrl+C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        write_day(feed, 20190105)
        first, second = out / "pm25_2019-01-05.tif", out / "pm25_2019-01-06.tif"
        wait_for(first.exists, process)
        before, written = field_of(first), first.stat().st_mtime_ns
        write_day(feed, 20190106, level=60.0)
        wait_for(second.exists, process)
        assert first.stat().st_mtime_ns == written  # what has not changed is not computed again
        later = second.stat().st_mtime_ns
        write_day(feed, 20190105, level=80.0)  # late readings correct a day
        wait_for(lambda: first.stat().st_mtime_ns != written, process)
        assert field_of(first).mean() > 1.3 * before.mean() and second.stat().st_mtime_ns == later
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=300)
    finally:
        process.kill()
    assert process.returncode == 130, said
    # The last file may be there a moment before its round is counted.
    assert (
        re.search(r"Cancelled: [23] step.s. computed in [23] round.s.; what was finished is written", said) and "Traceback" not in said
    ), said
    assert sorted(path.name for path in out.glob("*.tif")) == [first.name, second.name]
    assert not [path for path in out.iterdir() if "part" in path.name]


class _StopsAfter(Progress):
    """Is cancelled once a text was said."""

    def __init__(self, text):
        self.said = False
        super().__init__(lambda: self.said)
        self._text = text

    def on_step(self, fraction, message):
        self.said = self.said or self._text in message


def request(feed, tiny_model, tiny_ctm, out, **further):
    return {
        "stations": str(feed),
        "value": "pm25",
        "id": "code",
        "grid": str(tiny_ctm),
        "model": str(tiny_model),
        "device": "cpu",
        "follow": True,
        "every": 0.2,
        "out": str(out),
        **further,
    }


def test_a_cancel_while_it_waits_ends_it_and_keeps_what_is_done(tiny_model, tiny_ctm, tmp_path):
    write_day(tmp_path, 20190105)
    with pytest.raises(Cancelled, match="1 step.s. computed in 1 round"):
        JOBS["reanalyse-period"](
            request(f"{tmp_path}/{{date:%Y%m%d}}.csv", tiny_model, tiny_ctm, tmp_path / "out.nc"), _StopsAfter("1 round(s)")
        )
    assert (tmp_path / "out.nc").exists()


def test_it_stops_by_itself_at_the_time_that_is_asked_for(tiny_model, tiny_ctm, tmp_path):
    write_day(tmp_path, 20190105)
    soon = (datetime.now() + timedelta(seconds=4)).isoformat(timespec="seconds")
    asked = request(f"{tmp_path}/{{date:%Y%m%d}}.csv", tiny_model, tiny_ctm, tmp_path / "out", until=soon)
    result = JOBS["reanalyse-period"](asked, Progress())
    assert result["follow"]["rounds"] == 1 and result["follow"]["computed"] == result["days"]["computed"] == 1


def test_a_mistake_is_told_at_once_and_not_waited_for(tiny_model, tiny_ctm, tmp_path):
    write_day(tmp_path, 20190105)
    with pytest.raises(InputError, match="pm52"):
        JOBS["reanalyse-period"](
            request(f"{tmp_path}/{{date:%Y%m%d}}.csv", tiny_model, tiny_ctm, tmp_path / "out", value="pm52"), Progress()
        )
    with pytest.raises(InputError, match="for following"):
        JOBS["reanalyse-period"](request(tmp_path, tiny_model, tiny_ctm, tmp_path / "out", follow=False), Progress())


@pytest.mark.parametrize(("text", "message"), [("2019-01-05", "over already"), ("tomorrow", "is no time"), ("2019-13-01", "is no time")])
def test_a_time_to_stop_must_be_one_to_come(text, message):
    with pytest.raises(InputError, match=message):
        parse_until(text)
    assert parse_until(None) is None and parse_until(f"{datetime.now():%Y-%m-%d}") > datetime.now()


@pytest.mark.parametrize("value", [0, -3, "soon", float("nan")])
def test_seconds_between_two_looks_are_above_zero(value):
    with pytest.raises(InputError, match="seconds above zero"):
        parse_every(value)
    assert parse_every(None) == 60


def test_a_table_a_folder_and_a_pattern_stand_for_their_files(tmp_path):
    for name in ("2019/20190105.csv", "2019/20190106.csv", "2020/20200101.csv", "year.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert [path.name for path in files_of(f"{tmp_path}/{{date:%Y}}/{{date:%Y%m%d}}.csv")] == [
        "20190105.csv",
        "20190106.csv",
        "20200101.csv",
    ]
    assert [path.name for path in files_of(str(tmp_path / "2019"))] == ["20190105.csv", "20190106.csv"]
    assert files_of(f"{tmp_path}/year.csv|layername=a") == [tmp_path / "year.csv"] and files_of(str(tmp_path / "none.csv")) == []
