"""Files that hold tables: whatever they are dressed in, the cells come as they were written, or the file is refused with a reason."""

import bz2
import csv
import gzip
import io
import json
import lzma
import random
import zipfile

import geopandas
import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet
import pyogrio
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from model_core.errors import InputError
from model_core.stations.files.encodings import ranked
from model_core.stations.files.folder import tables_in
from model_core.stations.table_files import open_table

READINGS = "station;lon;lat;pm25\nKöln;6,95;50,93;11,5\nMünchen;11,57;48,13;9,2\n"


def whole(file, layer=None, **options):
    """All cells of a table."""
    return next(open_table(file, layer, **options).parts())[0]


def write(path, content, encoding="utf-8"):
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def zipped(**files):
    """A zip archive with these files; a dot is written as two underscores in their names, a slash as three."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("___", "/").replace("__", "."), content)
    return stream.getvalue()


# Compressed


@pytest.mark.parametrize("suffix, pack", [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)])
def test_a_compressed_table_is_the_table(tmp_path, suffix, pack):
    plain = write(tmp_path / "a.csv", READINGS)
    packed = write(tmp_path / f"a.csv.{suffix}", pack(READINGS.encode()))
    assert whole(packed).equals(whole(plain))
    assert whole(write(tmp_path / "named_otherwise.csv", pack(READINGS.encode()))).equals(whole(plain))  # the first bytes tell


def test_a_zip_with_one_table_is_the_table_whatever_else_is_in_it(tmp_path):
    file = write(tmp_path / "a.zip", zipped(a__csv=READINGS, ReadMe__txt="about", __MACOSX___a__csv="x", _=b""))
    file = write(tmp_path / "b.zip", zipped(data___a__csv=READINGS, README__txt="about", data___sub___thumbs="x"))
    assert whole(file)["pm25"].tolist() == ["11,5", "9,2"]
    stream = io.BytesIO(file.read_bytes())
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("__MACOSX/data/._a.csv", "x")
        archive.writestr("data/.DS_Store", "x")
    table = open_table(write(tmp_path / "c.zip", stream.getvalue()))
    assert table.columns == ["station", "lon", "lat", "pm25"] and "'data/a.csv' of the archive is read" in table.notes[0]


def test_of_several_tables_in_a_zip_one_is_named(tmp_path):
    file = write(tmp_path / "a.zip", zipped(a__csv=READINGS, sub___b__csv="lon,lat\n1,2\n"))
    with pytest.raises(InputError, match=r"holds 2 tables: a.csv, sub/b.csv; write a.zip\|layername=NAME"):
        open_table(file)
    for name in ("sub/b.csv", "b.csv", "b"):
        assert open_table(file, name).columns == ["lon", "lat"]


def test_kinds_that_are_read_at_random_places_are_unpacked_for_as_long_as_they_are_used(tmp_path):
    frame = pd.DataFrame({"lon": [1.0, 2], "pm25": [3.0, 4]})
    frame.to_parquet(tmp_path / "a.parquet")
    points = geopandas.GeoDataFrame(frame, geometry=geopandas.points_from_xy(frame.lon, frame.lon), crs="EPSG:4326")
    points.to_file(tmp_path / "s.shp")
    points.to_file(tmp_path / "s.geojson")
    parts = {f"d___s__{suffix}": (tmp_path / f"s.{suffix}").read_bytes() for suffix in ("shp", "shx", "dbf", "prj")}
    for file in (
        write(tmp_path / "a.zip", zipped(a__parquet=(tmp_path / "a.parquet").read_bytes())),
        write(tmp_path / "s.zip", zipped(**parts)),
        write(tmp_path / "s.geojson.gz", gzip.compress((tmp_path / "s.geojson").read_bytes())),
    ):
        assert whole(file)["pm25"].tolist() == [3.0, 4.0], file


def test_names_in_an_archive_say_nothing_about_where_it_is_unpacked(tmp_path):
    (tmp_path / "deep").mkdir()
    pd.DataFrame({"lon": [1.0]}).to_parquet(tmp_path / "a.parquet")
    content = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").unlink()
    file = tmp_path / "deep/evil.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("../a.parquet", content)
    assert whole(file)["lon"].tolist() == [1.0]
    assert not (tmp_path / "a.parquet").exists()


def test_a_small_file_that_swells_without_end_is_refused(tmp_path):
    with pytest.raises(InputError, match="swells to more than 256 MiB"):
        open_table(write(tmp_path / "a.csv.gz", gzip.compress(b"lon,lat\n" + b"0" * (260 << 20))))


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("a.csv.gz", gzip.compress(READINGS.encode() * 50)[:-20], "damaged.* cut off"),
        ("a.csv.xz", lzma.compress(READINGS.encode())[:-20], "damaged.* cut off"),
        ("a.zip", zipped(a__csv=READINGS)[:-30], "no readable zip archive"),
        ("a.zip", zipped(), "no readable zip archive|holds no file"),
        ("a.tar.gz", gzip.compress(b"a".ljust(257, b"\0") + b"ustar\0" + bytes(500)), "is a tar archive"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c" + bytes(50), "is a 7z archive"),
        ("a.zip", zipped(b__zip=zipped(a__csv=READINGS)), "archive inside an archive"),
        ("a.csv.gz", gzip.compress(b""), "is empty"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "old form .xls"),
        ("a.xls", b"<html><table><tr><td>1</td></tr></table></html>", "is a web page"),
        ("a.csv", b"lon,lat\n1,\0\0\n", "zero bytes"),
        ("a.csv", b" \n\n \n", "holds no text"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else value,
)  # packed bytes hold the time, and each test has one name
def test_what_can_not_be_opened_says_why(tmp_path, name, content, message):
    with pytest.raises(InputError, match=message):
        whole(write(tmp_path / name, content))


# Encodings

WORDS = {
    "cp1252": [
        "Länge;Breite;PM2,5 µg/m³",
        "Größe",
        "Straße Überlingen",
        "année créée",
        "Île-de-Bréhat",
        "Besançon, l’été",
        "mañana",
        "A Coruña",
        "São Paulo, Estação",
        "Ålesund;Tromsø;Værøy",
        "Température (°C)",
        "µg/m³",
        "Málaga, Cádiz, León",
        "Forlì; Città",
        "Þórshöfn",
    ],
    "gb18030": [
        "站点编码,城市,日期,经度,纬度",
        "监测点",
        "万寿西宫",
        "广州市监测站",
        "天坛\n农展馆\n官园",
        "PM2.5（微克/立方米）",
        "浓度(μg/m3),℃",
        "北京",
        "上海",
        "乌鲁木齐",
        "漯河,濮阳,衢州,亳州",
        "浦东川沙,静安监测站",
        "十五厂",
    ],
    "cp1250": ["Długość;Szerokość;Stężenie", "Łódź", "Plzeň;Ústí nad Labem;Měření", "Győr;Pécs;Székesfehérvár", "Iaşi;Bucureşti"],
    "cp1251": ["Станция;Долгота;Широта", "Москва"],
    "cp1253": ["Σταθμός;Μήκος", "Αθήνα"],
    "cp1254": ["İstasyon;değer;Kağıthane"],
    "cp949": ["측정소,서울,미세먼지", "초미세먼지(㎍/㎥)"],
    "big5": ["測站,縣市,細懸浮微粒", "萬華,臺北市"],
    "cp932": ["測定局,微小粒子状物質", "さいたま市"],
    "mac_roman": ["Länge;Köln", "été"],
    "cp850": ["Länge;Köln"],
}


@pytest.mark.parametrize("encoding, text", [(encoding, text) for encoding, texts in WORDS.items() for text in texts])
def test_single_words_tell_their_encoding(encoding, text):
    content = text.encode(encoding)
    assert content.decode(ranked(content)[0]) == text


@given(st.sampled_from(["cp1252", "gb18030"]), st.data())
def test_words_together_tell_it_too(encoding, data):
    """French beside German, names beside units; a table of China is never taken for one of the West nor the reverse."""
    words = data.draw(st.lists(st.sampled_from(WORDS[encoding]), min_size=1, max_size=6))
    text = "\n".join(words)
    assert text.encode(encoding).decode(ranked(text.encode(encoding))[0]) == text


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "mac_roman"])
def test_the_encoding_is_found_and_said(tmp_path, encoding):
    table = open_table(write(tmp_path / "a.csv", READINGS.replace("lon", "Länge"), encoding))
    assert table.columns == ["station", "Länge", "lat", "pm25"]
    assert "read as" in table.notes[0]
    assert open_table(write(tmp_path / "b.csv", READINGS)).notes == []  # UTF-8 is no news


def test_the_user_may_name_the_encoding_and_is_told_if_it_can_not_be(tmp_path):
    file = write(tmp_path / "a.csv", "id,Třinec\n1,2\n", "cp1250")
    assert open_table(file).columns == ["id", "Tøinec"]  # one letter tells nothing
    assert open_table(file, encoding="cp1250").columns == ["id", "Třinec"]
    with pytest.raises(InputError, match="unknown encoding 'latein'"):
        open_table(file, encoding="latein")
    with pytest.raises(InputError, match="is not in utf-8-sig: line 1 holds bytes"):
        open_table(file, encoding="utf-8")


def test_damage_in_a_utf8_table_is_no_other_encoding(tmp_path):
    lines = ["id,city"] + [f"{i},Köln" for i in range(40)]
    content = "\n".join(lines).encode().replace(b"30,K", b"30,\xffK")
    with pytest.raises(InputError, match="is in UTF-8, but line 32 holds other bytes"):
        open_table(write(tmp_path / "a.csv", content))


def test_letters_far_below_the_first_lines_count(tmp_path):
    content = "lon,lat,city\n" + "1.0,2.0,Bonn\n" * 200_000 + "1.0,2.0,Köln\n"
    assert whole(write(tmp_path / "a.csv", content, "cp1252"))["city"].iloc[-1] == "Köln"


# The header and what is above and below it


def test_lines_above_the_header_are_passed_over_and_counted(tmp_path):
    text = "Hourly data, supplied on 10/02/2020\n\n# by an agency\nsite,lat,lon,Date,time,PM2.5\nBristol,51.46,-2.58,15-01-2020,01:00,11\n"
    table = open_table(write(tmp_path / "a.csv", text * 1 + "Bristol,51.46,-2.58,15-01-2020,02:00,12\nEnd of file\n"))
    assert table.columns == ["site", "lat", "lon", "Date", "time", "PM2.5"] and table.first_row == 5
    assert table.notes == ["3 lines above the header passed over"]
    assert next(table.parts())[0]["site"].tolist() == ["Bristol", "Bristol", "End of file"]


def test_a_report_padded_with_separators_is_passed_over(tmp_path):
    text = "Report;;;\nStation;Bristol;;\n;;;\nDate;Time;PM2.5;RH\n2018-02-20;01:00;11;70\n2018-02-20;02:00;12;71\n"
    table = open_table(write(tmp_path / "a.csv", text))
    assert table.columns == ["Date", "Time", "PM2.5", "RH"] and table.first_row == 5


@pytest.mark.parametrize("header", ["# date,lon,lat,pm25", "#date,lon,lat,pm25", "# made, by, a, script\ndate,lon,lat,pm25"])
def test_a_header_that_is_a_comment_and_a_comment_that_is_none(tmp_path, header):
    table = open_table(write(tmp_path / "a.csv", header + "\n2018-02-20,1,2,3\n2018-02-21,1,2,4\n"))
    assert table.columns == ["date", "lon", "lat", "pm25"] and len(next(table.parts())[0]) == 2


def test_a_line_of_units_is_no_row_and_its_units_are_known(tmp_path):
    text = "date,site,pm25,rh\nyyyy-mm-dd,,µg/m³,%\n2018-02-20,A,35,70\n2018-02-21,A,36,71\n"
    table = open_table(write(tmp_path / "a.csv", text))
    assert table.units == {"date": "yyyy-mm-dd", "pm25": "µg/m³", "rh": "%"} and table.first_row == 3
    assert next(table.parts())[0]["pm25"].tolist() == ["35", "36"]
    assert "line 2, below the header, holds units and is passed over" in table.notes


def test_a_first_row_of_texts_is_a_row(tmp_path):
    assert len(whole(write(tmp_path / "a.csv", "date,site,pm25\nn.d.,A,-;\n2018-02-21,A,36\n"))) == 2


@pytest.mark.parametrize("declared", ["sep=;", '"sep=;"', "SEP=;"])
def test_a_declared_separator_is_believed(tmp_path, declared):
    table = open_table(write(tmp_path / "a.csv", declared + "\r\na;b\r\n1,5;2\r\n"))
    assert (table.columns, table.separator, table.first_row) == (["a", "b"], ";", 3)


def test_columns_named_by_numeric_station_codes_are_a_header(tmp_path):
    table = open_table(write(tmp_path / "a.csv", "date,hour,1001,1002,1003\n20180220,0,35,36,37\n20180220,1,35,,37\n"))
    assert table.columns == ["date", "hour", "1001", "1002", "1003"]


def test_a_table_without_header_is_refused(tmp_path):
    with pytest.raises(InputError, match="has no header: line 1 holds values"):
        open_table(write(tmp_path / "a.csv", "1001A,116.4,39.9,35\n1002A,116.5,39.8,36\n"))


def test_decimal_commas_between_commas_are_refused_not_guessed(tmp_path):
    with pytest.raises(InputError, match=r"line 2 has 7 cells, the line of names above it \(line 1\) has 4"):
        open_table(write(tmp_path / "a.csv", "id,lon,lat,pm25\nS0,9,0,45,0,12,5\nS1,9,1,45,2,13,5\n"))


def test_doubled_and_missing_names_are_numbered(tmp_path):
    table = open_table(write(tmp_path / "a.csv", "pm25,,pm25,pm25 (2),pm25\n1,2,3,4,5\n"))
    assert table.columns == ["pm25", "column 2", "pm25 (3)", "pm25 (2)", "pm25 (4)"]
    assert "several columns have the same name" in table.notes[0]
    assert next(table.parts(["pm25 (3)"]))[0]["pm25 (3)"].tolist() == ["3"]


# Rows


def test_rows_that_end_in_a_separator_have_no_more_columns(tmp_path):
    for text in ("a,b\n1,2,\n3,4,\n", "a,b,\n1,2,\n3,4,\n", "a,b,\n1,2\n3,4\n", "a,b,,\n1,2,,\n3,4,,\n"):
        table = open_table(write(tmp_path / "a.csv", text))
        assert table.columns == ["a", "b"] and next(table.parts())[0].values.tolist() == [["1", "2"], ["3", "4"]]


def test_cells_that_a_row_lacks_are_empty_and_surplus_ones_are_an_error(tmp_path):
    cells = whole(write(tmp_path / "a.csv", "a,b,c\n1,2,3\n4\n\n5,6,7\n"))
    assert cells.values.tolist() == [["1", "2", "3"], ["4", "", ""], ["5", "6", "7"]]
    file = write(tmp_path / "b.csv", 'a,b\n1,2\n"3\n3",4\n\n5,6,7\n8,9\n')
    with pytest.raises(InputError, match=r"line 6, has 3 cells, the header 2: '5 \| 6 \| 7'"):
        whole(file)


def test_a_quotation_mark_that_is_not_closed_swallows_no_rows(tmp_path):
    file = write(tmp_path / "a.csv", 'site,pm25\n"Bristol,1\n"Cardiff",2\n' + "York,3\n" * 5)
    with pytest.raises(InputError, match="a quotation mark is not closed"):
        whole(file)


def test_columns_aligned_by_blanks(tmp_path):
    free = "date lon  lat pm25\n2018-02-20   1.5 2   35\n2018-02-21 1.5 2 36\n"
    assert whole(write(tmp_path / "a.txt", free)).values.tolist() == [["2018-02-20", "1.5", "2", "35"], ["2018-02-21", "1.5", "2", "36"]]
    names = [("New York", 40.7, 12.5), ("Rio", -22.9, None), ("Ho Chi Minh City", 10.8, 30.0)]
    fixed = f"{'station':<18}{'latitude':>9}{'pm25':>8}\n"
    fixed += "".join(f"{name:<18}{lat:>9.2f}{'' if value is None else value:>8}\n" for name, lat, value in names)
    table = whole(write(tmp_path / "b.txt", fixed))
    assert table.values.tolist() == [["New York", "40.70", "12.5"], ["Rio", "-22.90", ""], ["Ho Chi Minh City", "10.80", "30.0"]]
    assert open_table(write(tmp_path / "c.txt", "# date lon lat\n2018-02-20 1 2\n2018-02-21 1 2\n")).columns == ["date", "lon", "lat"]


def test_a_text_that_runs_into_the_next_column_is_refused(tmp_path):
    lines = [f"{'station':<12}{'pm25':>8}", f"{'Rio':<12}"] + [f"{'New York':<12}{12.5:>8}"] * 30_000
    lines.append(f"{'Ho Chi Minh City':<12}{7.5:>4}")
    with pytest.raises(InputError, match="a text runs over the start of the column"):
        whole(write(tmp_path / "a.txt", "\n".join(lines) + "\n"))


def test_a_header_alone_has_no_rows(tmp_path):
    assert len(whole(write(tmp_path / "a.csv", "lon,lat,pm25\n"))) == 0


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("rows", [1, 2, 7, 1000])
def test_in_parts_a_table_is_the_same(tmp_path, pack, rows):
    text = "a,b,c\n" + "".join(f'{i},"x\n{i}",\n\n' for i in range(40))
    table = open_table(write(tmp_path / "a.csv", pack(text.encode())))
    parts = [part for part, _ in table.parts(["a", "b"], rows)]
    assert max(map(len, parts)) <= rows
    assert pd.concat(parts, ignore_index=True).equals(next(table.parts(["a", "b"]))[0])


# Any table in any dress

NUMBERS = st.one_of(st.integers(-999, 10**6).map(str), st.floats(-100, 2000, allow_nan=False).map(lambda x: f"{x:.3f}"))
TIMES = st.datetimes(pd.Timestamp("2015-01-01").to_pydatetime(), pd.Timestamp("2026-01-01").to_pydatetime()).map(
    lambda time: time.strftime("%Y-%m-%d %H:%M")
)
PLAIN = st.text(st.characters(codec="ascii", categories=["L", "N"], include_characters=" ._-()%"), max_size=12).map(str.strip)
QUOTED = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"], include_characters=' \n;,\t|"'), max_size=12).map(str.strip)


@st.composite
def dressed_tables(draw):
    """(names, rows, content of a file, suffix): a table of readings as somebody might have written it."""
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "gb18030"]))
    listed = WORDS["gb18030" if encoding == "gb18030" else "cp1252"]
    words = st.sampled_from([word.strip() for text in listed for word in text.split(",")])
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    separator = draw(st.sampled_from([",", ";", "\t", "|"]))
    texts = st.one_of(PLAIN, QUOTED, words) if quoting == csv.QUOTE_ALL else PLAIN
    decimals = NUMBERS.map(lambda text: text.replace(".", ",")) if separator != "," or quoting == csv.QUOTE_ALL else NUMBERS
    kinds = draw(st.lists(st.sampled_from([NUMBERS, decimals, TIMES, texts]), min_size=2, max_size=6))
    word = words.map(lambda word: word.replace(";", " ").replace("\n", " "))
    name = st.one_of(word, PLAIN).filter(lambda text: any(map(str.isalpha, text)))
    names = draw(st.lists(name, min_size=len(kinds), max_size=len(kinds), unique=True))
    rows = draw(st.lists(st.tuples(*[st.one_of(kind, st.just("")) for kind in kinds]).filter(any), min_size=1, max_size=12))
    above = draw(st.lists(st.sampled_from(["Hourly data of an agency", "# a comment", "Status: R = Ratified", ""]), max_size=4))
    end, trailing = draw(st.sampled_from(["\n", "\r\n", "\r"])), draw(st.booleans())
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=separator, quoting=quoting, lineterminator=(separator if trailing else "") + end)
    stream.write("".join(line + end for line in above))
    writer.writerows([names, *rows])
    packing = [(".csv", bytes), (".csv.gz", gzip.compress), (".csv.bz2", bz2.compress), (".zip", lambda content: zipped(a__csv=content))]
    suffix, pack = draw(st.sampled_from(packing))
    return names, [list(row) for row in rows], pack(stream.getvalue().encode(encoding)), suffix


@settings(max_examples=100)
@given(dressed_tables())
def test_any_table_in_any_dress_comes_back_cell_by_cell_or_is_refused(tmp_path_factory, dressed):
    names, rows, content, suffix = dressed
    file = write(tmp_path_factory.mktemp("dressed") / f"a{suffix}", content)
    try:
        table = open_table(file)
        cells = next(table.parts())[0]
    except InputError:
        assume(False)
    assert table.columns == names
    assert cells.values.tolist() == rows


# Spreadsheets


def test_a_sheet_gives_its_cells_as_text(tmp_path):
    frame = pd.DataFrame(
        {
            "station": ["Köln", "Bonn"],
            "when": pd.to_datetime(["2018-02-20 07:00", "2018-02-20 08:00"]),
            "pm25": [35.25, 36.0],
            "code": ["0101", "0102"],
        }
    )
    for suffix in ("xlsx", "ods"):
        pyogrio.write_dataframe(frame, tmp_path / f"a.{suffix}", layer="Readings")
        cells = whole(tmp_path / f"a.{suffix}")
        assert cells["station"].tolist() == ["Köln", "Bonn"] and cells["code"].tolist() == ["0101", "0102"]
        assert cells["pm25"].astype(float).tolist() == [35.25, 36.0]
        assert pd.to_datetime(cells["when"]).tolist() == frame["when"].tolist()


def test_of_several_sheets_one_is_named_and_doubled_names_are_numbered(tmp_path):
    file = tmp_path / "a.xlsx"
    for sheet, names in (("Report", ["of", "an", "agency"]), ("Data", ["site", "pm25", "site"])):
        rows = pd.DataFrame([names, ["A", "1", "B"], ["C", "2", "D"]], columns=["f1", "f2", "f3"])
        pyogrio.write_dataframe(rows, file, layer=sheet, append=file.exists())
    with pytest.raises(InputError, match=r"has 2 layers; write a.xlsx\|layername=NAME with one of Report, Data"):
        open_table(file)


def test_every_text_of_a_sheet_may_be_a_header(tmp_path):
    """GDAL by itself takes a sheet of texts for one without header."""
    file = tmp_path / "a.xlsx"
    pyogrio.write_dataframe(pd.DataFrame({"site": ["A", "B"], "city": ["Köln", "Bonn"]}), file)
    assert open_table(file).columns == ["site", "city"]


# Parquet


def test_parquet_gives_decimals_as_numbers_and_entries_of_dictionaries_as_values(tmp_path):
    from decimal import Decimal

    table = pyarrow.table(
        {
            "value": pyarrow.array([Decimal("12.5"), None], pyarrow.decimal128(38, 18)),
            "site": pyarrow.array(["a", "b"]).dictionary_encode(),
            "time": pyarrow.array(pd.to_datetime(["2018-02-20T00:00Z", "2018-02-20T01:00Z"])),
        }
    )
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    cells = whole(tmp_path / "a.parquet")
    assert cells["value"].dtype == np.float64 and cells["value"][0] == 12.5 and np.isnan(cells["value"][1])
    assert cells["site"].tolist() == ["a", "b"] and str(cells["time"].dt.tz) == "UTC"


def test_an_index_is_a_column_like_others(tmp_path):
    frame = pd.DataFrame({"pm2.5": [1.0, 2], "pm2": [3.0, 4]}, index=pd.Index(["a", "b"], name="site"))
    frame.to_parquet(tmp_path / "a.parquet")
    assert open_table(tmp_path / "a.parquet").columns == ["pm2.5", "pm2", "site"]
    assert next(open_table(tmp_path / "a.parquet").parts(["pm2", "site"]))[0].to_dict("list") == {"pm2": [3.0, 4.0], "site": ["a", "b"]}


def test_doubled_columns_of_parquet_are_told_apart(tmp_path):
    pyarrow.parquet.write_table(pyarrow.table([[1, 2], ["a", "b"]], names=["x", "x"]), tmp_path / "a.parquet")
    table = open_table(tmp_path / "a.parquet")
    assert table.columns == ["x", "x (2)"] and next(table.parts(["x (2)"]))[0]["x (2)"].tolist() == ["a", "b"]


def test_a_folder_of_parquet_files_is_one_table(tmp_path):
    frame = pd.DataFrame({"year": [2017, 2017, 2018], "pm2.5": [1.0, 2, 3]})
    frame.to_parquet(tmp_path / "data", partition_cols=["year"])
    (tmp_path / "data/_SUCCESS").touch()
    cells = pd.concat([part for part, _ in open_table(tmp_path / "data").parts(None, 1)])
    assert sorted(zip(cells["year"].astype(int), cells["pm2.5"])) == [(2017, 1.0), (2017, 2.0), (2018, 3.0)]
    assert tables_in(tmp_path / "data") == ([tmp_path / "data"], [])


@pytest.mark.parametrize(
    "geo, message",
    [
        (b"not json", "its entry 'geo' is not that of GeoParquet"),
        (b"\xff\xfe", "its entry 'geo'"),
        (b"[]", "its entry 'geo'"),
        (b"{}", "KeyError: 'primary_column'"),
        (b'{"primary_column": "g", "columns": {}}', "KeyError: 'g'"),
        (b'{"primary_column": "g", "columns": {"g": {"encoding": "WKB"}}}', "its geometry column 'g' is not there"),
        (b'{"primary_column": "lon", "columns": {"lon": {"encoding": "point"}}}', "encoded as point"),
        (b'{"primary_column": "lon", "columns": {"lon": {"encoding": "WKB"}}}', "holds no points in WKB"),
    ],
)
def test_a_damaged_entry_of_geoparquet_is_told(tmp_path, geo, message):
    table = pyarrow.table({"lon": [1.0, 2], "pm25": [3.0, 4]}).replace_schema_metadata({b"geo": geo})
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(InputError, match=message):
        whole(tmp_path / "a.parquet")


# Vector files


def test_geojson_that_is_not_utf8_is_read_if_its_encoding_is_named(tmp_path):
    feature = {"type": "Feature", "properties": {"city": "Köln", "pm25": 35}, "geometry": {"type": "Point", "coordinates": [6.9, 50.9]}}
    text = json.dumps({"type": "FeatureCollection", "features": [feature]}, ensure_ascii=False)
    file = write(tmp_path / "a.geojson", text, "cp1252")
    with pytest.raises(InputError, match="texts are not in utf-8; name its encoding"):
        whole(file)
    assert whole(file, encoding="cp1252")["city"].tolist() == ["Köln"]


def test_a_shapefile_of_china_that_does_not_say_its_encoding_is_not_taken_for_latin(tmp_path):
    places = geopandas.points_from_xy([116.4, 113.3], [39.9, 23.1])
    frame = geopandas.GeoDataFrame({"城市": ["北京市", "广州市"]}, geometry=places, crs="EPSG:4326")
    frame.to_file(tmp_path / "a.shp", encoding="gb18030")
    (tmp_path / "a.cpg").unlink()
    dbf = bytearray((tmp_path / "a.dbf").read_bytes())
    dbf[29] = 0
    (tmp_path / "a.dbf").write_bytes(dbf)
    table = open_table(tmp_path / "a.shp")
    assert table.columns == ["城市"] and next(table.parts())[0]["城市"].tolist() == ["北京市", "广州市"]
    assert "texts read as gb18030" in table.notes[0]


def test_styles_that_qgis_keeps_in_a_geopackage_are_no_layer(tmp_path):
    points = geopandas.GeoDataFrame({"pm25": [35.0]}, geometry=geopandas.points_from_xy([1], [2]), crs="EPSG:4326")
    points.to_file(tmp_path / "a.gpkg", layer="stations")
    pyogrio.write_dataframe(pd.DataFrame({"styleName": ["x"]}), tmp_path / "a.gpkg", layer="layer_styles", append=True)
    assert open_table(tmp_path / "a.gpkg").columns == ["pm25"]


# Damage of any kind


@pytest.fixture(scope="module")
def sound_files(tmp_path_factory):
    """A table in each kind of file, by suffix."""
    folder = tmp_path_factory.mktemp("sound")
    count = 30
    frame = pd.DataFrame({"name": [f"Köln {i}" for i in range(count)], "pm25": np.arange(count) / 2})
    frame["when"] = pd.date_range("2018", periods=count)
    layer = geopandas.GeoDataFrame(frame, geometry=geopandas.points_from_xy(frame.pm25, frame.pm25), crs="EPSG:4326")
    text = frame.to_csv(index=False, sep=";")
    files = {"csv": text.encode(), "cp1252.csv": text.encode("cp1252"), "utf16.csv": text.encode("utf-16"), "zip": zipped(a__csv=text)}
    files |= {"csv.gz": gzip.compress(text.encode()), "csv.bz2": bz2.compress(text.encode()), "csv.xz": lzma.compress(text.encode())}
    frame.to_parquet(folder / "a.parquet")
    layer.to_parquet(folder / "a.geoparquet")
    for suffix in ("geojson", "gpkg", "fgb"):
        layer.to_file(folder / f"a.{suffix}")
    for suffix in ("xlsx", "ods"):
        pyogrio.write_dataframe(frame, folder / f"a.{suffix}")
    return files | {path.name.partition(".")[2]: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "kind",
    [
        "csv",
        "cp1252.csv",
        "utf16.csv",
        "zip",
        "csv.gz",
        "csv.bz2",
        "csv.xz",
        "parquet",
        "geoparquet",
        "geojson",
        "gpkg",
        "fgb",
        "xlsx",
        "ods",
    ],
)
def test_a_damaged_file_is_read_or_refused_and_nothing_else(tmp_path, sound_files, kind):
    chance, refused = random.Random(kind), 0
    for _ in range(60):
        content = bytearray(sound_files[kind])
        place = chance.randrange(1, len(content))
        damage = chance.choice(["cut", "flip", "flips", "insert"])
        if damage == "cut":
            del content[place:]
        elif damage == "insert":
            content[place:place] = chance.randbytes(chance.randrange(1, 20))
        for _ in range({"flip": 1, "flips": 20}.get(damage, 0)):
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        file = write(tmp_path / f"a.{kind}", bytes(content))
        try:
            for _ in open_table(file).parts(None, chance.choice([None, 7])):
                pass
        except InputError as error:
            assert str(file) in str(error)
            refused += 1
    assert refused


# Folders


def test_a_folder_gives_its_tables_and_says_what_it_passed_over(tmp_path):
    for name in ("b.csv.gz", "a.csv", "c.parquet", "d.zip", ".hidden.csv", "README.txt", "licence.txt", "photo.jpg", "~$a.xlsx"):
        (tmp_path / name).write_bytes(b"x")
    files, notes = tables_in(tmp_path)
    assert [file.name for file in files] == ["a.csv", "b.csv.gz", "c.parquet", "d.zip"]
    assert "README.txt, licence.txt, photo.jpg" in notes[0] and ".hidden" not in notes[0]
    with pytest.raises(InputError, match="holds no table"):
        (tmp_path / "empty").mkdir()
        tables_in(tmp_path / "empty")


# Real forms


def test_the_field_cases_open_with_their_names_and_cells(shared_data):
    cases = shared_data / "field_cases"
    plain = whole(cases / "02_gz_zip/pm25.csv")
    for name in ("pm25.csv.gz", "pm25.zip", "location-2178-20230222.csv.gz"):
        assert whole(cases / "02_gz_zip" / name).equals(plain)
    stations = open_table(cases / "05_cnemc_wide/stations.csv")
    assert stations.columns == ["监测点编码", "监测点名称", "城市", "经度", "纬度"] and "read as gb18030" in stations.notes[0]
    wide = open_table(cases / "05_cnemc_wide/china_sites_20180220.csv")
    assert wide.columns[:4] == ["date", "hour", "type", "1001A"] and len(next(wide.parts())[0]) == 120
    agency = whole(cases / "07_eea_parquet/SPO.DE_DEBB021_PM2_dataGroup1.parquet")
    assert agency["Value"].dtype == np.float64 and {-99, -1, 1} >= set(agency["Validity"])
    for name in ("ansi.csv", "utf8.csv", "utf16.csv"):
        assert open_table(cases / "14_cp1252_header" / name).columns == ["Station", "Länge", "Breite", "PM2,5 µg/m3"]
    assert whole(cases / "15_decimal_comma/excel_unicode.txt")["pm25"].tolist() == ["12", "13,5", "20,1", "8", "7,75", "31,2"]
    assert whole(cases / "15_decimal_comma/semicolon.csv")["pm25"].tolist()[-1] == "1.031,2"
    assert whole(cases / "15_decimal_comma/quoted.csv")["lon"].tolist()[0] == "9,0"
    assert "ug/m3 LC" in set(whole(cases / "18_epa_download/ad_viz_plotval_data.csv")["Units"])
    kingdom = open_table(cases / "21_preamble/ukair.csv")
    assert kingdom.columns == ["site", "lat", "lon", "Date", "time", "PM2.5", "status", "unit"] and kingdom.first_row == 6
    assert kingdom.notes == ["4 lines above the header passed over"] and len(next(kingdom.parts())[0]) == 24
    assert open_table(cases / "21_preamble/excel_sep.csv").columns == ["station", "lon", "lat", "pm25"]
    assert open_table(cases / "65_gbk/gbk.csv").columns[:5] == ["站点编码", "城市", "日期", "经度", "纬度"]
    assert len(open_table(cases / "09_purpleair/old_download.csv").columns) == 8  # its rows end in a separator
    assert len(whole(shared_data / "us_cmaq/daily_88101_20160115.zip")) == 878
