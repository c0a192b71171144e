"""CMAQ's own output before its post-processor: PM2.5 of the aerosol species, gases in ppmV, each as CMAQ's definitions have it."""

import netCDF4
import numpy as np
import pytest
from listening import Listening

from model_core.ctm.cmaq_aerosol import missing, sums_of
from model_core.ctm.fields import read_ctm
from model_core.ctm.inspection import inspect
from model_core.errors import InputError
from model_core.gases import MOLAR_MASS, R, State
from model_core.progress import Progress
from model_core.variable_table import in_use

# Written from CMAQ's species definition files once more, apart from the product: cb6r3_ae6_aq and cb6r3m_ae7_kmtbr of CMAQ 5.3.
INORGANIC_I = "ASO4I ANO3I ANH4I ANAI ACLI AECI AOTHRI"
INORGANIC_J = "ASO4J ANO3J ANH4J ANAJ ACLJ AECJ AOTHRJ AFEJ ASIJ ATIJ ACAJ AMGJ AMNJ AALJ AKJ"
COARSE = "ASOIL ACORS ASEACAT ACLK ASO4K ANO3K ANH4K"
VOLATILE_I, VOLATILE_J = "ALVPO1I ASVPO1I ASVPO2I", "ALVPO1J ASVPO1J ASVPO2J ASVPO3J AIVPO1J"
AGED_I, AGED_J = "ALVOO1I ALVOO2I ASVOO1I ASVOO2I", "ALVOO1J ALVOO2J ASVOO1J ASVOO2J ASVOO3J APCSOJ"
AERO6_J = (
    "AXYL1J AXYL2J AXYL3J ATOL1J ATOL2J ATOL3J ABNZ1J ABNZ2J ABNZ3J AISO1J AISO2J AISO3J ATRP1J ATRP2J AGLYJ ASQTJ AALK1J AALK2J "
    "APAH1J APAH2J APAH3J AORGCJ AOLGBJ AOLGAJ"
)
AERO7_J = (
    "AISO1J AISO2J AISO3J AMT1J AMT2J AMT3J AMT4J AMT5J AMT6J AMTNO3J AMTHYDJ AGLYJ ASQTJ AORGCJ AOLGBJ AOLGAJ AAVB1J AAVB2J AAVB3J AAVB4J"
)
NOT_OF_PM = "AH2OI AH2OJ AH3OPI AH3OPJ NUMATKN SRFACC"  # water, acid, number and surface take no part
AERO6 = (f"{INORGANIC_I} {VOLATILE_I} {AGED_I}", f"{INORGANIC_J} {VOLATILE_J} {AGED_J} {AERO6_J}")
AERO7 = (f"{INORGANIC_I} {VOLATILE_I} {AGED_I}", f"{INORGANIC_J} {VOLATILE_J} {AGED_J} {AERO7_J}")
SHARES = {"PM25AT": 0.99, "PM25AC": 0.8, "PM25CO": 0.2}


def ioapi(path, variables, shape=(4, 5), hours=24):
    """A file in IOAPI's form, {name: (unit, value)}; a value grows by a tenth of itself from hour to hour."""
    with netCDF4.Dataset(path, "w") as file:
        for name, size in (("TSTEP", hours), ("DATE-TIME", 2), ("LAY", 1), ("VAR", len(variables)), ("ROW", shape[0]), ("COL", shape[1])):
            file.createDimension(name, size)
        file.setncatts(
            {
                "GDTYP": 2,
                "P_ALP": 25.0,
                "P_BET": 40.0,
                "P_GAM": 110.0,
                "XCENT": 110.0,
                "YCENT": 34.0,
                "XORIG": -3e4,
                "YORIG": -2e4,
                "XCELL": 12e3,
                "YCELL": 12e3,
                "NCOLS": shape[1],
                "NROWS": shape[0],
                "NLAYS": 1,
                "NVARS": len(variables),
                "SDATE": 2018001,
                "STIME": 0,
                "TSTEP": 10000,
                "VGTYP": 7,
                "VGTOP": 5000.0,
                "VGLVLS": np.array([1.0, 0.9975], "f4"),
                "VAR-LIST": "".join(f"{name:<16}" for name in variables),
            }
        )
        flag = file.createVariable("TFLAG", "i4", ("TSTEP", "VAR", "DATE-TIME"))
        flag[:] = np.stack(
            [np.full((hours, len(variables)), 2018001), np.repeat(np.arange(hours)[:, None] * 10000, len(variables), 1)], axis=-1
        )
        for name, (unit, value) in variables.items():
            field = file.createVariable(name, "f4", ("TSTEP", "LAY", "ROW", "COL"))
            field.units = f"{unit:<16}"
            field[:] = value * (1 + 0.1 * np.arange(hours))[:, None, None, None] if unit.startswith("micro") else value
    return path


def aerosol(modes, coarse=COARSE):
    """Every species of the modes with a value of its own."""
    names = " ".join((*modes, coarse, NOT_OF_PM)).split()
    return {name: ("micrograms/m**3", 0.01 * (number + 1)) for number, name in enumerate(names)}


def total(species, names):
    """Daily mean of the sum of species: the mean hour is 2.15 times the first."""
    return 2.15 * sum(species[name][1] for name in names.split())


@pytest.mark.parametrize("modes", [AERO6, AERO7], ids=["AERO6", "AERO7"])
def test_pm25_is_the_two_fine_modes_where_no_shares_are_there_and_that_is_said(tmp_path, modes):
    species, said = aerosol(modes), Listening()
    path = ioapi(tmp_path / "CCTM_ACONC.nc", species)
    field = read_ctm(path, ["pm25"], said).fields["pm25"]
    np.testing.assert_allclose(field, total(species, " ".join(modes)), rtol=1e-5)
    assert any("I + J" in warning and "APMDIAG" in warning for warning in said.warnings)
    assert [entry["key"] for entry in inspect(path)["derived"]] == ["pm25"]


@pytest.mark.parametrize("modes", [AERO6, AERO7], ids=["AERO6", "AERO7"])
@pytest.mark.parametrize("together", [True, False], ids=["one file", "its own file"])
def test_with_the_shares_of_apmdiag_it_is_what_combine_makes(tmp_path, modes, together):
    species, said = aerosol(modes), Listening()
    shares = {name: ("", value) for name, value in SHARES.items()}
    paths = [ioapi(tmp_path / "aconc.nc", species | shares if together else species)]
    if not together:
        paths.append(ioapi(tmp_path / "apmdiag.nc", shares))
    field = read_ctm(paths, ["pm25"], said).fields["pm25"]
    parts = zip((*modes, COARSE), SHARES.values())
    np.testing.assert_allclose(field, sum(total(species, names) * share for names, share in parts), rtol=1e-5)
    assert not said.warnings and (together or any("size fractions of apmdiag.nc" in line for line in said.lines))


def test_a_combined_variable_goes_before_the_species(tmp_path):
    species = aerosol(AERO6) | {"PM25_TOT": ("micrograms/m**3", 7.0)}
    np.testing.assert_allclose(read_ctm(ioapi(tmp_path / "x.nc", species), ["pm25"]).fields["pm25"], 2.15 * 7, rtol=1e-5)


@pytest.mark.parametrize("lost", ["ASO4J", "AOTHRI", "AIVPO1J", "AAVB3J"])
def test_pm25_is_not_made_where_a_species_lacks_and_it_is_named(tmp_path, lost):
    species = aerosol(AERO7)
    del species[lost]
    path = ioapi(tmp_path / "x.nc", species)
    with pytest.raises(InputError, match=f"can't be made of them: {lost} are not there.*run combine"):
        read_ctm(path, ["pm25"])


def test_what_only_some_mechanisms_have_is_added_where_it_is_there():
    names = {name: name for name in " ".join(AERO6).split()}
    assert sums_of(names).names == tuple(n for n in sums_of(names).names) and set(sums_of(names).names) == set(names)
    with_isoprene = names | {name: name for name in ("AIETETJ", "AIEOSJ")}
    assert set(sums_of(with_isoprene).names) == set(with_isoprene)
    not_volatile = [n for n in names if n not in f"{VOLATILE_I} {VOLATILE_J} {AGED_I} {AGED_J}".split()]
    simple = {name: name for name in (*not_volatile, "APOCI", "APNCOMI", "APOCJ", "APNCOMJ")}
    assert not missing(simple) and set(sums_of(simple).names) == set(simple)


def test_the_gases_of_the_real_file_convert_at_the_state_that_is_asked_for_or_said(shared_data):
    path = shared_data / "ioapi/CCTM_D502addm_Linux2_x86_64intel.ACONC.CMAQ-BENCHMARK_20060801"
    told = {note.split(":")[0]: note for note in inspect(path)["notes"] if "mixing ratio" in note}
    assert set(told) == {"o3", "no2", "so2", "co"} and all("293.15 K and 1013.25 hPa" in note for note in told.values())
    with in_use(None, air=State(298.15, 101325.0)):
        assert "298.15 K and 1013.25 hPa" in "".join(inspect(path)["notes"])


@pytest.mark.parametrize("temperature", [293.15, 298.15])
def test_a_ppmv_is_as_many_micrograms_as_the_gas_law_has_it(tmp_path, temperature):
    path = ioapi(tmp_path / "o3.nc", {"O3": ("ppmV", 0.04)})
    with in_use(None, air=State(temperature)):
        field = read_ctm(path, ["o3"]).fields["o3"]
    np.testing.assert_allclose(field, 0.04 * MOLAR_MASS["o3"] * 101325 / (R * temperature), rtol=1e-4)


def test_the_air_of_mcip_beside_it_decides(tmp_path):
    gas = ioapi(tmp_path / "o3.nc", {"O3": ("ppmV", 0.04)})
    air = ioapi(tmp_path / "METCRO2D.nc", {"TEMP2": ("K", 263.15), "PRSFC": ("Pascal", 80000.0)})
    field = read_ctm([gas, air], ["o3"]).fields["o3"]
    np.testing.assert_allclose(field, 0.04 * MOLAR_MASS["o3"] * 80000 / (R * 263.15), rtol=1e-4)


def test_the_card_of_a_model_says_how_its_data_were_converted(tmp_path):
    from model_core.configuration import read_configuration
    from model_core.training.choices import choose_inputs
    from model_core.training.preparation import prepare

    network = choose_inputs(read_configuration("improved")[0], "o3", "none", "none")
    path = ioapi(tmp_path / "o3.nc", {"O3": ("ppmV", 0.04)}, shape=(40, 50))
    for _ in range(2):  # made, then read from the store
        (source,) = prepare([path], network, None, None, tmp_path / "stores", Progress()).sources
        assert any("293.15 K and 1013.25 hPa" in note for note in source["notes"])
