"""An impatient user: wrong files, columns, units and coordinates. Each message says what is wrong and what to do, and no number is silently wrong."""

import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from model_core.cli import main
from model_core.errors import InputError
from model_core.stations.observations import read_observations

TWO = "id,lon,lat,time,pm25,pm10,shown\na,116,39,2021-03-04,12.5,30,13.4 µg/m³\nb,117,40,2021-03-04,13.5,31,13.5 µg/m³\n"
OPTIONS = {"value": "pm25", "time": "time", "id": "id"}


@pytest.fixture
def table(tmp_path):
    def write(content, name="readings.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("a.csv", bytes(range(256)) * 4, "is not a text table: it holds zero bytes"),
        ("a.csv", b"", "is empty"),
        ("a.csv", b"id,lon,lat,time,pm25\n", "has no rows"),
        (
            "a.csv",
            b"\x89HDF\r\n\x1a\n" + b"\x01" * 99,
            "is a NetCDF, HDF or GRIB file, no table of readings; fields of a model are given with --ctm",
        ),
        ("a.csv", b"CDF\x02\x00\x00", "is a NetCDF, HDF or GRIB file"),
        ("a.xlsx", b"PK\x03\x04rubbish", "can't be read as a spreadsheet: .* file format; if it is damaged"),
        ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(200), "neither a CSV nor a vector file"),
    ],
)
def test_what_is_no_table_is_told_with_what_to_do(table, name, content, message):
    with pytest.raises(InputError, match=message) as told:
        read_observations(table(content, name), **OPTIONS)
    assert "It might help" not in str(told.value)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"value": "PM2.5"}, "no column 'PM2.5'; it has id, .*; did you mean 'pm25'"),
        ({"value": "pm25,pm10"}, "name one column, the others in runs of their own"),
        ({"value": "id"}, "holds text in 2 of 2 rows"),
        ({"value": "shown"}, "each cell holds a number with its unit behind it: take the unit out"),
        ({"time": "id"}, "column 'id': time 'a' in row 1 is not a date"),
        ({"unit": "bananas"}, "unknown unit 'bananas'"),
        ({"unit": "ppb"}, "--species o3, no2, so2 or co"),
        ({"unit": "K"}, "unit 'K' can't be converted"),
        ({"x": "lat", "y": "lon"}, "longitude and latitude seem to be exchanged: name the columns the other way round"),
    ],
)
def test_wrong_columns_and_units_are_named(table, options, message):
    with pytest.raises(InputError, match=message):
        read_observations(table(TWO), **{**OPTIONS, **options})


def test_a_few_exchanged_places_that_are_on_earth_do_not_hide_the_many_that_are_not(table):
    rows = "".join(f"s{i},{30 + i},{85 + 3 * i},2021-03-04,{i + 10}\n" for i in range(9))  # latitude first: two of nine could be on Earth
    with pytest.raises(InputError, match=r"2 of 9 readings used.*longitude and latitude seem to be exchanged"):
        read_observations(table("id,lon,lat,time,pm25\n" + rows), **OPTIONS)


def test_days_that_are_mixed_for_want_of_a_time_are_told(table):
    rows = "".join(f"{100 + i},30,{10 * i + day},2021-03-0{day}\n" for i in range(6) for day in (1, 2))
    path = table("lon,lat,pm25,measured\n" + rows)
    note = read_observations(path, "pm25").report.notes["no time"]
    assert "6 of 6 places have several readings, and no time is named" in note and "--time" in note
    assert "no time" not in read_observations(path, "pm25", time="measured").report.notes


def test_coordinates_that_are_in_no_degrees_are_not_called_exchanged(table):
    with pytest.raises(InputError, match="name the CRS of the coordinates"):
        read_observations(table(TWO.replace("116", "500000").replace("117", "500100")), **OPTIONS)


@pytest.mark.parametrize(
    "names",
    ["geo.lon,geo.lat", "locationLongitude,locationLatitude", "Station Longitude,Station Latitude", "site_lon,site_lat", "Länge,Breite"],
)
def test_coordinates_are_found_by_the_last_word_of_their_names(table, names):
    found = read_observations(table(TWO.replace("lon,lat", names)), **OPTIONS)
    assert found.x.tolist() == [116, 117] and found.y.tolist() == [39, 40]


@pytest.mark.parametrize("names", ["east_lon,west_lon,lat", "balloon,plat,flat"])
def test_words_that_only_end_alike_are_no_coordinates(table, names):
    with pytest.raises(InputError, match="has no column lon"):
        read_observations(table(f"id,{names},time,pm25\na,116,117,39,2021-03-04,12.5\n"), **OPTIONS)


def test_marks_of_validity_that_are_not_used_are_told(table):
    path = table("id,lon,lat,time,pm25,isValid\na,116,39,2021-03-04,12.5,true\nb,117,40,2021-03-04,950,false\n")
    report = read_observations(path, **OPTIONS).report
    assert "column 'isValid' holds 'false', 'true' and may say which readings are valid" in report.notes["marks"]
    assert "marks" not in read_observations(path, **OPTIONS, where=("isValid=true",)).report.notes


def test_one_and_the_same_mark_everywhere_is_not_told(table):
    path = table("id,lon,lat,time,pm25,flag\na,116,39,2021-03-04,12.5,V\nb,117,40,2021-03-04,9,V\n")
    assert "marks" not in read_observations(path, **OPTIONS).report.notes


def test_the_name_of_a_file_is_the_code_where_places_come_from_a_list(table):
    readings = table("time,pm25\n2021-03-04,12.5\n2021-03-05,13.5\n", "West.csv")
    sites = table("code,lon,lat\nWest,116,39\nEast,117,40\n", "sites.csv")
    found = read_observations(readings, "pm25", time="time", sites=str(sites))
    assert list(found.id) == ["West", "West"] and set(found.x) == {116.0}
    assert any("'West', is taken for it" in note for note in found.report.notes.values())


def test_a_comment_with_as_many_cells_as_the_header_is_passed_over(table):
    text = "# Station: Torkel Knutssonsgatan; 59.3; 18.0\n# Enhet: µg/m3\n#\nlon;lat;pm25\n18,0;59,3;13,4\n18,1;59,3;15,2\n"
    found = read_observations(table(text), "pm25")
    assert found.value.tolist() == [13.4, 15.2]


def test_a_second_column_is_looked_into_where_the_first_holds_a_word_for_nothing(table):
    text = "FECHA (YYMMDD);HORA (HHMM);Registros validados;Registros preliminares;Registros no validados;\n210304;0100;NA;7,5;;\n210304;0200;8,5;99;;\n"
    sites = table("code,lon,lat\nParque,-70.6,-33.4\n", "sites.csv")
    found = read_observations(table(text, "Parque.csv"), None, form="auto", sites=str(sites))
    assert found.value.tolist() == [7.5, 8.5]
    assert any("does not say what it measures: its readings are taken for PM2.5" in note for note in found.report.notes.values())


def test_the_list_of_sensors_tells_the_species_where_it_alone_does(table):
    text = "IdSensore,Data,Valore,Stato,idOperatore\n1,04/03/2021 00:00:00,12.5,VA,1\n2,04/03/2021 00:00:00,40,VA,1\n"
    sites = table("IdSensore,NomeTipoSensore,lng,lat\n1,Particelle sospese PM2.5,9,45\n2,Ozono,9,45\n", "sites.csv")
    found = read_observations(table(text), None, form="auto", sites=str(sites))
    assert found.value.tolist() == [12.5] and found.report.dropped == {"no place": 1}


def test_a_day_that_no_calendar_has_is_no_error_where_it_holds_no_reading(table):
    hours = ",".join(f"{hour:02d}h" for hour in range(1, 25))
    none, some = ",".join(["9998"] * 24), ",".join(["12"] * 24)
    head = f"測定年度,測定局コード,市町村コード,測定項目コード,測定単位コード,測定月,測定日,{hours}\n"
    rows = f"2021,13101010,101,PM25,UG/M3, 2,30,{none}\n2021,13101010,101,PM25,UG/M3, 3, 4,{some}\n"
    sites = str(table("code,lon,lat\n13101010,139.7,35.7\n", "sites.csv"))
    with pytest.raises(InputError, match="測定年度 is the fiscal year.*write the calendar year into a column 年"):
        read_observations(table(head + rows), None, form="auto", sites=sites)
    found = read_observations(table(head.replace("測定年度", "年") + rows), None, form="auto", sites=sites)
    assert len(found) == 24 and found.report.dropped == {"empty": 24}
    with pytest.raises(InputError, match="2021 2 30 01:00"):
        read_observations(table(head.replace("測定年度", "年") + rows.replace("9998", "12")), None, form="auto", sites=sites)


def _workbook(path, merged):
    """A workbook as a spreadsheet writes it, whose stations' cells span two rows."""
    rows = [["Station", "lon", "lat", "Date", "PM2.5"], ["A", "116", "39", "2021-03-04", "12.5"], ["", "", "", "2021-03-05", "13.5"]]
    namespace = "http://schemas.openxmlformats.org"
    cells = "".join(
        f'<row r="{row}">'
        + "".join(
            f'<c r="{letter}{row}" t="inlineStr"><is><t>{cell}</t></is></c>' for letter, cell in zip("ABCDE", line, strict=True) if cell
        )
        + "</row>"
        for row, line in enumerate(rows, 1)
    )
    relation = f"{namespace}/officeDocument/2006/relationships"
    spans = '<mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells>' if merged else ""
    with zipfile.ZipFile(path, "w") as book:
        book.writestr(
            "[Content_Types].xml",
            (
                f'<Types xmlns="{namespace}/package/2006/content-types">'
                '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
                'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override '
                'PartName="/xl/worksheets/sheet1.xml" '
                'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
            ),
        )
        for name, kind, target in (
            ("_rels/.rels", "officeDocument", "xl/workbook.xml"),
            ("xl/_rels/workbook.xml.rels", "worksheet", "worksheets/sheet1.xml"),
        ):
            book.writestr(
                name,
                f'<Relationships xmlns="{namespace}/package/2006/relationships">'
                f'<Relationship Id="rId1" Type="{relation}/{kind}" Target="{target}"/></Relationships>',
            )
        main_namespace = f"{namespace}/spreadsheetml/2006/main"
        book.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main_namespace}" xmlns:r="{relation}">'
            '<sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
        )
        book.writestr("xl/worksheets/sheet1.xml", f'<worksheet xmlns="{main_namespace}"><sheetData>{cells}</sheetData>{spans}</worksheet>')
    return path


@pytest.mark.parametrize("merged", [True, False])
def test_merged_cells_are_told_beside_the_rows_that_they_cost(tmp_path, merged):
    found = read_observations(_workbook(tmp_path / "a.xlsx", merged), "PM2.5", time="Date", id="Station")
    assert found.value.tolist() == [12.5] and found.report.dropped == {"bad coordinates": 1}
    assert any("merged cells" in note for note in found.report.notes.values()) == merged


def test_json_stays_json_with_warnings_gaps_and_any_letters(table, tmp_path):
    path = table("id,lon,lat,time,pm25,isValid\n北京,116,39,2021-03-04,12.5,true\nb,117,40,2021-03-04,-1,false\nc,9,9,2021-03-04,x,true\n")
    out = subprocess.run(
        [
            sys.executable,
            "-m",
            "model_core",
            "read-stations",
            "--json",
            "--stations",
            str(path),
            "--value",
            "pm25",
            "--time",
            "time",
            "--id",
            "id",
            "--out",
            str(tmp_path / "北京.csv"),
        ],
        capture_output=True,
        env={"PYTHONIOENCODING": "ascii", "OMP_NUM_THREADS": "1"},
        timeout=120,
    )
    result = json.loads(out.stdout)
    assert out.returncode == 0 and result["warnings"] and result["out"].endswith("北京.csv")


def test_an_error_is_json_too(table, capsys):
    assert main(["read-stations", "--json", "--stations", str(table(TWO)), "--value", "nix", "--out", "x.csv"]) == 1
    assert "no column 'nix'" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_numbers_of_numpy_are_numbers_in_json():
    from model_core.json_values import finite

    value = {"a": np.float32("nan"), "b": np.int64(3), 5: np.array([1.5, np.inf]), "d": np.bool_(True)}
    assert json.loads(json.dumps(finite(value), allow_nan=False)) == {"a": None, "b": 3, "5": [1.5, None], "d": True}
