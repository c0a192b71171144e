"""Laws of reading times: a moment written in any form comes back, or is refused; never another."""

from datetime import datetime, timedelta, timezone

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from model_core.days import date_order_of, parse_times
from model_core.errors import InputError
from model_core.time_zones import Clock

MOMENTS = st.datetimes(datetime(1990, 1, 2), datetime(2035, 12, 30)).map(lambda moment: moment.replace(microsecond=0))
COLUMNS = st.lists(MOMENTS, min_size=1, max_size=8)
SECOND, MINUTE, HOUR, DAY = "s", "m", "h", "D"


def plain(moment, pattern):
    """`strftime` with # for numbers that lack their leading zero."""
    for mark, number in (("#d", moment.day), ("#m", moment.month), ("#H", moment.hour), ("#I", (moment.hour - 1) % 12 + 1)):
        pattern = pattern.replace(mark, str(number))
    return moment.strftime(pattern)


# Forms that mean one moment each, by themselves, and how exactly they say it.
DATES = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y-#m-#d",
    "%Y/#m/#d",
    "%Y %m %d",
    "%Y%m%d",
    "%Y年#m月#d日",
    "%Y年%m月%d日",
    "%Y%j",
    "%Y-%j",
    "%G-W%V-%u",
    "%d %b %Y",
    "%d-%b-%Y",
    "%b %d %Y",
    "%B #d, %Y",
    "%a %b %d %Y",
    "%a, %d %b %Y",
    "%d%b%Y",
    "%Y-%b-%d",
]
HOURS = [
    ("", DAY),
    (" %H", HOUR),
    (" #H", HOUR),
    ("T%H", HOUR),
    (" %Hh", HOUR),
    (" %H时", HOUR),
    (" %H:%M", MINUTE),
    (" #H:%M", MINUTE),
    ("T%H:%M", MINUTE),
    (" %H%M", MINUTE),
    (" %Hh%M", MINUTE),
    (" %H:%M:%S", SECOND),
    ("_%H:%M:%S", SECOND),
    ("T%H:%M:%S.123", SECOND),
    (" %H:%M:%S,999", SECOND),
    (" #I:%M %p", MINUTE),
    (" %I:%M:%S %p", SECOND),
    (", #I:%M:%S %p", SECOND),
    (" %H时%M分%S秒", SECOND),
    ("  %H:%M", MINUTE),
]
COMPACT = [
    ("%Y%m%d%H", HOUR),
    ("%Y%m%d%H%M", MINUTE),
    ("%Y%m%d%H%M%S", SECOND),
    ("%Y%m%dT%H", HOUR),
    ("%Y%m%d_%H", HOUR),
    ("%Y%m%d-%H%M", MINUTE),
]
FORMS = st.one_of(
    st.builds(lambda date, hours: (date + hours[0], hours[1]), st.sampled_from(DATES), st.sampled_from(HOURS)), st.sampled_from(COMPACT)
)
ZONES = st.sampled_from([None, "Z", "z", " UTC", " GMT", "+00", "+01", "+0530", "-07:00", " +08:00", "UTC+8", " GMT-0300"])
MINUTES_OF = {"+01": 60, "+0530": 330, "-07:00": -420, " +08:00": 480, "UTC+8": 480, " GMT-0300": -180}


def cut(moments, unit):
    return np.array(moments, "datetime64[s]").astype(f"datetime64[{unit}]").astype("datetime64[s]").tolist()


@given(COLUMNS, FORMS)
def test_a_column_in_a_form_that_means_one_moment_comes_back(moments, form):
    pattern, unit = form
    assert parse_times([plain(moment, pattern) for moment in moments]).tolist() == cut(moments, unit)


@given(MOMENTS, st.sampled_from([form for form in HOURS if "%M" in form[0]]), ZONES)
def test_a_zone_behind_a_time_moves_it_by_its_offset(moment, hours, zone):
    between = " " if "%p" in hours[0] else ""
    text = plain(moment, "%Y-%m-%d" + hours[0]) + between + (zone or "")
    written = datetime.fromisoformat(str(np.datetime64(moment).astype(f"datetime64[{hours[1]}]").astype("datetime64[s]")))
    assert parse_times([text]).tolist() == [written]
    expected = written - timedelta(minutes=MINUTES_OF.get(zone, 0))
    assert parse_times([text], Clock.named("UTC")).tolist() == [expected]


@given(
    COLUMNS,
    st.sampled_from(["dmy", "mdy"]),
    st.sampled_from("/.- "),
    st.sampled_from(["%Y", "%y"]),
    st.booleans(),
    st.sampled_from(HOURS),
    st.sampled_from(["auto", "asked", "day"]),
)
@example([datetime(2022, 4, 5)], "dmy", "/", "%y", True, ("", DAY), "auto")
def test_days_months_and_years_come_back_or_are_refused_and_change_places_never(moments, order, sign, year, short, hours, decided):
    if sign == " ":
        year = "%Y"
    parts = {"d": "#d" if short else "%d", "m": "#m" if short else "%m", "y": year}
    texts = [plain(moment, sign.join(parts[letter] for letter in order) + hours[0]) for moment in moments]
    options = {"asked": {"date_order": order}, "day": {"day": moments[0].date()}, "auto": {}}[decided]
    expected = cut(moments, hours[1])
    try:
        assert parse_times(texts, **options).tolist() == expected
    except InputError as error:
        assert decided != "asked" and "--date-order" in str(error)
    if (proven := date_order_of(texts)) is not None:
        assert proven == order and parse_times(texts, date_order=proven).tolist() == expected


@given(COLUMNS, st.sampled_from(HOURS), st.sampled_from(["auto", "ymd", "day"]))
def test_hyphens_with_the_year_in_two_digits_first_are_read_when_asked_for(moments, hours, decided):
    texts = [plain(moment, "%y-%m-%d" + hours[0]) for moment in moments]
    options = {"ymd": {"date_order": "ymd"}, "day": {"day": moments[0].date()}, "auto": {}}[decided]
    try:
        read = parse_times(texts, **options).tolist()
    except InputError as error:
        assert decided != "ymd" and "--date-order" in str(error)
    else:
        assert read == cut(moments, hours[1])


@given(st.lists(MOMENTS.filter(lambda moment: datetime(2001, 9, 10) < moment < datetime(2030, 3, 16)), min_size=1), st.integers(0, 3))
def test_seconds_since_1970_come_back_in_any_unit(moments, thousands):
    seconds = [int(moment.replace(tzinfo=timezone.utc).timestamp()) for moment in moments]
    assert parse_times([str(one * 1000**thousands) for one in seconds], Clock.named("UTC")).tolist() == moments


@given(st.lists(st.datetimes(datetime(1990, 1, 1), datetime(2039, 12, 30)).map(lambda m: m.replace(microsecond=0)), min_size=1))
def test_days_of_a_spreadsheet_come_back(moments):
    serials = [(moment - datetime(1899, 12, 30)) / timedelta(days=1) for moment in moments]
    assert parse_times(serials).tolist() == parse_times([f"{serial:.9f}" for serial in serials]).tolist() == moments


@given(MOMENTS, st.sampled_from(["%Y-%m-%d 24:00", "%Y%m%d24", "%Y/%m/%d 24:00:00", "%Y-%m-%d 24"]))
def test_24_00_is_midnight_of_the_next_day(moment, pattern):
    midnight = moment.replace(hour=0, minute=0, second=0)
    assert parse_times([moment.strftime(pattern)]).tolist() == [midnight + timedelta(days=1)]


@given(st.text("0123456789-/.: TZAPMzhen年月日+,_\u00a0", max_size=24))
def test_any_text_is_a_time_or_refused_with_its_row(text):
    try:
        read = parse_times([text], first_row=5)
    except InputError as error:
        assert "row 5" in str(error) or "--date-order" in str(error) or "no common order" in str(error)
    else:
        assert read.dtype == np.dtype("datetime64[s]") and len(read) == 1
        # 8:00 or 14 Jan is no time: nothing is filled in from today's date.
        assert np.isnat(read[0]) or sum(letter.isdigit() for letter in text) >= 4


@given(COLUMNS, FORMS, st.data())
def test_gaps_stay_gaps_and_rows_keep_their_place(moments, form, data):
    texts = [plain(moment, form[0]) for moment in moments]
    gaps = data.draw(st.lists(st.sampled_from([None, "", "NA", " ", "nan"]), min_size=1, max_size=3))
    mixed = data.draw(st.permutations([*zip(texts, cut(moments, form[1])), *((gap, None) for gap in gaps)]))
    assert parse_times([text for text, _ in mixed]).tolist() == [moment for _, moment in mixed]
