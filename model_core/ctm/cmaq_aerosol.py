"""PM2.5 from CMAQ's aerosol species, as CMAQ's post-processor `combine` makes it.

The sums are those of the species definition files (SpecDef) that CMAQ publishes for its AERO6 and AERO7 mechanisms
(USEPA/CMAQ, CCTM/src/MECHS, versions 5.2 and 5.3)::

    ATOTI = ASO4I + ANO3I + ANH4I + ANAI + ACLI + AECI + AOMI + AOTHRI
    ATOTJ = ASO4J + ANO3J + ANH4J + ANAJ + ACLJ + AECJ + AOMJ + AOTHRJ + AFEJ + ASIJ + ATIJ + ACAJ + AMGJ + AMNJ + AALJ + AKJ
    ATOTK = ASOIL + ACORS + ASEACAT + ACLK + ASO4K + ANO3K + ANH4K
    PM25_TOT = ATOTI PM25AT + ATOTJ PM25AC + ATOTK PM25CO

where AOM is the organic matter of the mechanism, and PM25AT, PM25AC and PM25CO are the shares of the Aitken, accumulation and coarse
mode below 2.5 um, which CMAQ writes into its file APMDIAG (PMDIAG). Without them PM2.5 is ATOTI + ATOTJ, combine's ATOTIJ.
"""

from __future__ import annotations

from functools import partial
from typing import Callable, Mapping, NamedTuple, Sequence

import numpy as np

from model_core.ctm.derived import Quantity


def _of_mode(mode: str, *names: str) -> tuple[str, ...]:
    return tuple(f"A{name}{mode}" for name in names)


_INORGANIC = {
    "I": _of_mode("I", "SO4", "NO3", "NH4", "NA", "CL", "EC", "OTHR"),
    "J": _of_mode("J", "SO4", "NO3", "NH4", "NA", "CL", "EC", "OTHR", "FE", "SI", "TI", "CA", "MG", "MN", "AL", "K"),
}
_COARSE = ("ASOIL", "ACORS", "ASEACAT", "ACLK", "ASO4K", "ANO3K", "ANH4K")
# Primary organic matter: not volatile, or in classes of volatility; a mechanism has one or both.
_PRIMARY = (
    (*_of_mode("I", "POC", "PNCOM"), *_of_mode("J", "POC", "PNCOM")),
    (*_of_mode("I", "LVPO1", "SVPO1", "SVPO2"), *_of_mode("J", "LVPO1", "SVPO1", "SVPO2", "SVPO3", "IVPO1")),
)
# Secondary organic matter: of AERO6, or of AERO7.
_SECONDARY = (
    _of_mode(
        "J",
        "XYL1",
        "XYL2",
        "XYL3",
        "TOL1",
        "TOL2",
        "TOL3",
        "BNZ1",
        "BNZ2",
        "BNZ3",
        "ISO1",
        "ISO2",
        "TRP1",
        "TRP2",
        "SQT",
        "ALK1",
        "ALK2",
        "ORGC",
        "OLGB",
        "OLGA",
    ),
    _of_mode(
        "J",
        "ISO1",
        "ISO2",
        "MT1",
        "MT2",
        "MT3",
        "MT4",
        "MT5",
        "MT6",
        "MTNO3",
        "MTHYD",
        "GLY",
        "SQT",
        "ORGC",
        "OLGB",
        "OLGA",
        "AVB1",
        "AVB2",
        "AVB3",
        "AVB4",
    ),
)
# What only some of the mechanisms have.
_FURTHER = {
    "I": _of_mode("I", "LVOO1", "LVOO2", "SVOO1", "SVOO2"),
    "J": _of_mode(
        "J",
        "LVOO1",
        "LVOO2",
        "SVOO1",
        "SVOO2",
        "SVOO3",
        "PCSO",
        "ISO3",
        "GLY",
        "PAH1",
        "PAH2",
        "PAH3",
        "IETET",
        "IEOS",
        "DIM",
        "IMGA",
        "IMOS",
        "MTNO3",
        "ISOPNN",
        "MTHYD",
    ),
}
# Their units are written in many ways, so that they are taken as they are.
SHARES = tuple(Quantity((name,), "", None, (0, 1)) for name in ("PM25AT", "PM25AC", "PM25CO"))


class Sums(NamedTuple):
    """How a file gives PM2.5 of its aerosol species.

    Attributes
    ----------
    names : of the species, all in ug m-3
    compute : ug m-3 from their fields, I and J modes alone
    by_shares : ug m-3 from their fields and the shares of the modes, (times, 3, rows, columns)
    remark : what a user should know where there are no shares
    """

    names: tuple[str, ...]
    compute: Callable[..., np.ndarray]
    by_shares: Callable[..., np.ndarray]
    remark: str


def sums_of(names: Mapping[str, str]) -> Sums | None:
    """How PM2.5 is made of what a file has; None where a species is missing that CMAQ's definition asks for.

    Parameters
    ----------
    names : upper-case names -> names in the file
    """
    if missing(names):
        return None
    organic = {name for group in (*_PRIMARY, *_SECONDARY) if all(part in names for part in group) for name in group}
    candidates = {mode: dict.fromkeys((*_INORGANIC[mode], *sorted(organic), *_FURTHER[mode])) for mode in "IJ"}
    modes = {mode: [name for name in candidates[mode] if name in names and name.endswith(mode)] for mode in "IJ"}
    coarse = list(_COARSE) if all(name in names for name in _COARSE) else []
    ends = len(modes["I"]), len(modes["I"]) + len(modes["J"])
    chosen = tuple(names[name] for name in (*modes["I"], *modes["J"], *coarse))
    without = "" if coarse else "; the species of the coarse mode are not there, so that its share is left out in any case"
    return Sums(
        chosen,
        partial(_fine, ends[1]),
        partial(_cut, ends),
        (
            f"made of {len(chosen) - len(coarse)} aerosol species by CMAQ's definition for combine, as the whole Aitken and accumulation modes "
            f"(I + J): the shares below 2.5 um (PM25AT, PM25AC, PM25CO of CMAQ's APMDIAG file) are not there{without}"
        ),
    )


def missing(names: Mapping[str, str]) -> list[str]:
    """Species that CMAQ's definition asks for and the file has not; of the mechanisms that of which it has the most."""
    lacking = [name for mode in "IJ" for name in _INORGANIC[mode] if name not in names]
    for groups in (_PRIMARY, _SECONDARY):
        lacking += min(([name for name in group if name not in names] for group in groups), key=len)
    return lacking


def too_few_species(lacking: Sequence[str]) -> str:
    """Says that PM2.5 can't be made of the aerosol species of a file, which ones lack, and the remedy."""
    return (
        f"some of CMAQ's aerosol species but no PM2.5, and it can't be made of them: {', '.join(lacking[:4])}"
        f"{' ...' if len(lacking) > 4 else ''} are not there; give the file with all aerosol species, or run combine with the species "
        "definition file (SpecDef) of your mechanism, and give its output, which has PM25_TOT"
    )


def _fine(end: int, *fields: np.ndarray) -> np.ndarray:
    return _total(fields[:end])


def _cut(ends: tuple[int, int], *fields: np.ndarray) -> np.ndarray:
    """The modes by their shares below 2.5 um, which come last."""
    *species, shares = fields
    modes = species[: ends[0]], species[ends[0] : ends[1]], species[ends[1] :]
    return _total([_total(mode) * shares[:, number] for number, mode in enumerate(modes) if mode])


def _total(fields: list[np.ndarray] | tuple[np.ndarray, ...]) -> np.ndarray:
    total = fields[0].copy()
    for field in fields[1:]:
        total += field
    return total
