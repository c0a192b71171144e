"""Tables of readings: damaged files of every kind, and cells, columns and rows that are wrong."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from trials.bad_input import table_files
from trials.case import Case
from trials.mutate import damaged
from trials.world import readings

CELLS = (
    "",
    " ",
    "nan",
    "NaN",
    "inf",
    "-inf",
    "1e400",
    "-1e400",
    "1e-400",
    "-;",
    "n.d.",
    "<5",
    "12,5",
    "1.234,5",
    "1,234.5",
    "-999",
    "1e9",
    "-1",
    "0",
    "9" * 40,
    "=1+1",
    '=HYPERLINK("x")',
    "' OR 1=1",
    "北京",
    "µ",
    "😀",
    "\u200b5",
    "true",
    "None",
    "0x1F",
    "1_000",
    "١٢",
    "12 µg/m³",
    "a" * 5000,
    "\\",
    '"',
    "a,b",
    "a\nb",
    "{}",
    "[]",
    "<b>",
    "%s",
    "../../etc/passwd",
    "NULL",
    "#N/A",
    "#DIV/0!",
    "--5",
    "5-",
    "1.2.3",
)
TIMES = (
    "0000-00-00",
    "9999-99-99",
    "2019-02-30",
    "2019-13-01",
    "24:00",
    "2019-01-05T25:00",
    "1e9",
    "20190105",
    "5",
    "-5",
    "2019-01-05 00:00:60",
    "99999999999999",
    "yesterday",
    "2019-01-05T00:00:00+99:00",
    "2019-W01",
    "1600-01-01",
    "3000-01-01",
    "05/01/2019",
    "01/13/2019",
    "43470",
)
COORDINATES = ("0", "91", "-91", "181", "361", "1e6", "nan", "116,4", "39°54'N", "116.4E", "", "1e308", "POINT(1 2)")
_RAW = ("plain", "form")


def make(number: int, random: np.random.Generator, folder: Path, world: Path) -> Case:
    """A table with one kind of damage, to be read with or without the names of its columns."""
    kind = table_files.KINDS[number % len(table_files.KINDS)]
    path = folder / f"table.{kind}"
    rows = None
    if random.random() < 0.5:
        _copy(world / "tables" / f"table.{kind}", path)
        done = _damage_file(path, random)
    else:
        table, done, touched = _damaged_table(random)
        try:
            table_files.write(path, table)
        except Exception as error:  # this kind can't hold that table
            path = folder / "table.csv"
            path.write_bytes(table_files.text(table, "csv"))
            done += f", as CSV because of {type(error).__name__}"
        kept = ("station", "day", "lon", "lat", "pm25")
        untouched = [row for place, row in enumerate(readings()) if touched is not None and place not in touched]
        rows = None if touched is None else [[row[name] for name in kept] for row in untouched]
    request = {"stations": "{case}/" + path.name, "out": "{case}/out.csv"}
    if random.random() < 0.8:
        request |= {"value": "pm25", "time": "day", "id": "station"}
    else:
        rows = None
    return Case("read-stations", request, f"{kind}: {done}", {} if rows is None else {"rows": rows})


def _copy(source: Path, target: Path) -> None:
    for part in source.parent.glob(f"{source.stem}.*") if source.suffix == ".shp" else [source]:
        if part.suffix in (source.suffix, ".shx", ".dbf", ".prj", ".cpg"):
            shutil.copyfile(part, target.with_name(part.name))


def _damage_file(path: Path, random: np.random.Generator) -> str:
    victim = path
    if path.suffix == ".shp":
        victim = path.with_suffix(str(random.choice([".shp", ".shx", ".dbf", ".prj", ".cpg"])))
        if random.random() < 0.2:
            victim.unlink()
            return f"without {victim.suffix}"
    inside = path.suffix in (".xlsx", ".ods", ".zip") and random.random() < 0.6
    if inside:
        return _damage_member(path, random)
    content, way = damaged(victim.read_bytes(), random, 600 if random.random() < 0.3 else None)
    victim.write_bytes(content)
    return f"{way} in {victim.name}"


def _damage_member(path: Path, random: np.random.Generator) -> str:
    """One file in an archive is damaged, and the archive is packed properly again."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = sorted(members)[int(random.integers(len(members)))]
    if random.random() < 0.2:
        members.pop(name)
        way = "left out"
    else:
        members[name], way = damaged(members[name], random)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, content in members.items():
            archive.writestr(each, content)
    path.write_bytes(out.getvalue())
    return f"{way} in its {name}"


def _damaged_table(random: np.random.Generator) -> tuple[pd.DataFrame, str, set[int] | None]:
    """(table, what was done, rows that were touched: None where all may be another)."""
    table = pd.DataFrame(readings()).astype(object)
    way = str(random.choice(["value", "value", "time", "place", "station", "columns", "rows", "types"]))
    some = sorted(int(row) for row in random.choice(len(table), int(random.integers(1, 12)), replace=False))
    pool = {"value": CELLS, "time": TIMES, "place": COORDINATES, "station": CELLS}.get(way)
    if pool is not None:
        name = {"value": "pm25", "time": "day", "place": str(random.choice(["lon", "lat"])), "station": "station"}[way]
        cell = str(random.choice(np.array(pool, object)))
        table[name] = table[name].astype(str)
        table.loc[some, name] = cell
        touched = set(some)
        if way != "value":  # where a place or a time is another, the station's other rows may be judged otherwise
            stations = {readings()[row]["station"] for row in some}
            touched = {place for place, row in enumerate(readings()) if row["station"] in stations}
        return table, f"{name} = {cell[:30]!r} in {len(some)} rows", touched
    if way == "columns":
        return _other_columns(table, random)
    if way == "rows":
        choice = int(random.integers(5))
        shuffled = table.sample(frac=1, random_state=int(random.integers(99)))
        table = [table.iloc[:0], table.iloc[:1], pd.concat([table] * 3), table.iloc[::-1], shuffled][choice]
        return table, f"rows: {('none', 'one', 'three times', 'backwards', 'shuffled')[choice]}", set() if choice in (1, 3, 4) else None
    kinds = (str, bool, lambda v: [v], lambda v: {"a": v}, lambda v: float(v) * 1e300, lambda v: None, lambda v: complex(v), bytes)
    which = int(random.integers(len(kinds)))
    if kinds[which] is bytes:
        table["pm25"] = [str(value).encode() for value in table["pm25"]]
    else:
        table["pm25"] = [kinds[which](value) for value in table["pm25"]]
    return table, f"pm25 of type {which}", None


def _other_columns(table: pd.DataFrame, random: np.random.Generator) -> tuple[pd.DataFrame, str, None]:
    names = list(table.columns)
    name = str(random.choice(names))
    way = int(random.integers(8))
    if way == 0:
        return table.drop(columns=[name]), f"without {name}", None
    if way == 1:
        return table.rename(columns={name: str(random.choice(names))}), f"{name} called as another", None
    if way == 2:
        other = str(random.choice(np.array(["", " ", "a" * 3000, "1", "\n", "pm25 ", "PM2.5 (µg/m³)", "😀", "geometry"], object)))
        return table.rename(columns={name: other}), f"{name} renamed", None
    if way == 3:
        return table.rename(columns={"lon": "lat", "lat": "lon"}), "places exchanged", None
    if way == 4:
        more = pd.DataFrame({f"c{number}": 1 for number in range(int(random.choice([50, 500, 2500])))}, index=table.index)
        return pd.concat([table, more], axis=1), f"{more.shape[1]} more columns", None
    if way == 5:
        return pd.concat([table, table[[name]]], axis=1), f"{name} twice", None
    if way == 6:
        return table[names[::-1]], "columns backwards", None
    return table.assign(**{name: None}), f"{name} empty", None
