"""Ten mistakes that people make, each with words of the remedy in English and in Chinese; made by test_languages and in_chinese.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

GRID = "109,29,113,33,0.25@EPSG:4326"
WHERE = [(110.1 + 0.3 * number, 30.1 + 0.2 * (number % 7)) for number in range(8)]


class Mistake(NamedTuple):
    """An algorithm with spoiled parameters, and what its answer has to say."""

    algorithm: str
    parameters: dict[str, Any]
    english: str
    chinese: str


def mistakes(folder: Path, model: str) -> dict[str, Mistake]:
    """The mistakes, by what was done wrong; their tables lie in `folder`.

    Parameters
    ----------
    model : path of a model of PM2.5
    """

    def table(where=WHERE, **columns: list[str]) -> str:
        path = folder / f"table{len(list(folder.glob('table*.csv')))}.csv"
        rows = zip(*zip(*where), *columns.values())
        path.write_text("\n".join(";".join(map(str, row)) for row in [("lon", "lat", *columns), *rows]) + "\n", encoding="utf-8")
        return str(path)

    def stations(crs: str = "EPSG:4326", **columns: list[str]):
        from qgis.core import QgsVectorLayer

        path = table(**columns)
        uri = f"file://{path}?type=csv&delimiter=;&xField=lon&yField=lat&detectTypes=yes"
        return QgsVectorLayer(f"{uri}&crs={crs}" if crs else uri, "stations", "delimitedtext")

    good, days = ["12", "15", "11", "40", "31", "22", "18", "9"], ["2018-02-20"] * 8
    out = {"GRID": GRID, "OUTPUT": str(folder / "out.tif")}

    def gridding(layer, **parameters):
        return "gridstations", {"STATIONS": layer, "VALUE": "pm25", **out, **parameters}

    return {
        "wrong field": Mistake(
            *gridding(stations(note=["fine"] * 8), VALUE="note"), "choose the field with the readings", "请选择存放读数的字段"
        ),
        "no CRS": Mistake(*gridding(stations(crs="", pm25=good)), "set it in the layer's properties", "请在图层属性中设置"),
        "degrees for metres": Mistake(*gridding(stations("EPSG:3857", pm25=good)), "check the CRS", "请检查站点的坐标参照系"),
        "two pollutants": Mistake(
            "readstations",
            {
                "FILE": table(where=sorted(WHERE[:4] * 2), parameter=["pm25", "o3"] * 4, value=good, time=days),
                "FORM": "none",
                "VALUE": "value",
                "TIME": "time",
                "OUTPUT": str(folder / "out.csv"),
            },
            "several variables are mixed: keep one of them",
            "混有多个变量：请保留其中之一",
        ),
        "comma decimals": Mistake(*gridding(stations(pm25=["1,031", "950"] * 4)), "say which with 'Decimal sign'", "请用 “小数符号”"),
        "wrong time zone": Mistake(
            *gridding(stations(pm25=good, time=days), TIME="time", TIME_ZONE="China"),
            "give a name such as UTC, Asia/Shanghai",
            "请给出 UTC、Asia/Shanghai",
        ),
        "day without data": Mistake(
            *gridding(stations(pm25=good, time=days), TIME="time", DATE="2019-01-01"), "has no reading on", "没有读数"
        ),
        "model for another species": Mistake(
            "reanalyse",
            {"STATIONS": stations(ozone=good), "VALUE": "ozone", "MODEL": model, "DEVICE": "cpu", **out},
            "its skill for another species is not known",
            "它对另一物种的能力未知",
        ),
        "grid far from stations": Mistake(
            *gridding(stations(pm25=good), GRID="-10,40,10,50,0.5@EPSG:4326"), "or choose another grid", "或另选网格"
        ),
    }


NO_ENGINE = "请运行一次算法“安装引擎”"
