"""What a user says about the readings of one variable: the file, its form, and what its columns mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Sequence

from model_core.errors import InputError
from model_core.gases import STANDARD
from model_core.stations.errors import ErrorRule, error_rule
from model_core.time_zones import Clock
from model_core.units import Gas
from model_core.variables import get_variable, molar_mass

AUTO, NONE = "auto", "none"
DATE_ORDERS = (AUTO, "dmy", "mdy", "ymd")
STAMPS = ("start", "end")
WIDE = (AUTO, "yes", "no")


@dataclass(frozen=True)
class Source:
    """Where the readings of one variable are, and how its table is to be understood.

    Attributes
    ----------
    path : a file, a folder, or a pattern with ``{date:%Y%m%d}``
    value : column of the readings; None where the form of the table tells it.
        In a wide table with several variables: the name of the variable in the column that says which it is.
    species : key of the variable
    form : name of a published form (`forms.NAMES`), ``auto`` (recognised by the header) or ``none``
    unit, unit_column : unit of the readings, or the column that says it row by row; default: the variable's own
    time : column of the time, or several joined with ``+`` whose texts are joined with a blank;
        None where a form or the names of the files say the date, or the readings have no time
    date_order : order of day, month and year in times such as 05/04/22: ``dmy``, ``mdy``, ``ymd``, or ``auto`` for by evidence
    stamp : whether hourly times stand at the ``start`` or the ``end`` of their hour; None for the form's, else the start
    x, y : columns of the coordinates; default: by name, by the form, or the geometry
    crs : of the coordinates, or None for what the file says
    id : column of the station's id, or several joined with ``+`` whose texts are joined with "-"
    group : column that groups stations, such as the city
    where : conditions such as ``parameter=pm25`` that rows must meet, all of them (`filters.conditions`)
    sites, sites_id : table with the places of the stations by their codes, and its column of the code
    wide : whether there is one column per station: ``yes``, ``no``, or ``auto`` for what the form or the header says
    encoding, decimal : of a text file; None for found
    error, network : what is said of the error of readings, and the column that says their network (`errors.error_rule`)
    temperature, pressure : K and Pa, at which mixing ratios of gases become mass concentrations; None for 293.15 K and 101325 Pa
    clock : whose days count, or None: times count as they stand
    times_in : zone of times without an offset, where the user named it; a form may know it too
    otherwise : options (value, time, unit, unit_column, where) for a table that is of no form, where nothing is said
    like : source of the target, whose column names are taken where nothing is said and this table has them
    """

    path: str
    value: str | None = None
    species: str = "pm25"
    form: str = NONE
    unit: str | None = None
    unit_column: str | None = None
    time: str | None = None
    date_order: str = AUTO
    stamp: str | None = None
    x: str | None = None
    y: str | None = None
    crs: str | None = None
    id: str | None = None
    group: str | None = None
    where: tuple[str, ...] = ()
    sites: str | None = None
    sites_id: str | None = None
    wide: str = AUTO
    encoding: str | None = None
    decimal: str | None = None
    error: tuple[str, ...] = ()
    network: str | None = None
    temperature: float | None = None
    pressure: float | None = None
    clock: Clock | None = None
    times_in: str | None = None
    like: "Source | None" = None
    otherwise: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        for name, value, known in (
            ("date order", self.date_order, DATE_ORDERS),
            ("stamp", self.stamp or "start", STAMPS),
            ("wide", self.wide, WIDE),
        ):
            if value not in known:
                raise InputError(f"unknown {name} '{value}'; choose {', '.join(known)}")
        if self.decimal not in (None, ".", ","):
            raise InputError(f"the decimal sign is . or , not '{self.decimal}'")
        error_rule(self.error, self.network)  # which says what is wrong in them
        if (self.x is None) != (self.y is None):
            raise InputError(f"give both coordinate columns or neither; got x={self.x!r}, y={self.y!r}")

    @property
    def errors(self) -> ErrorRule | None:
        """How the error of a reading is found; None where nothing is said of it."""
        return error_rule(self.error, self.network)

    @property
    def gas(self) -> Gas | None:
        """What turns mixing ratios of the species into mass concentrations; None where it is no gas."""
        mass = molar_mass(get_variable(self.species))
        if mass is None:
            return None
        return Gas(
            mass,
            STANDARD.temperature_k if self.temperature is None else self.temperature,
            STANDARD.pressure_pa if self.pressure is None else self.pressure,
        )


def joined_columns(text: str | None, columns: Sequence[str]) -> list[str]:
    """The columns of ``A+B``; a column whose own name holds a plus is one column."""
    if not text:
        return []
    return [text] if text in columns else [name.strip() for name in text.split("+") if name.strip()]
