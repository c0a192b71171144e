"""Further forms of CTM files, as their models publish them: names, levels, times, mixing ratios, groups, Zarr and GRIB."""

from datetime import date

import netCDF4
import numpy as np
import pytest
import xarray
from pyproj import CRS
from scipy.constants import R
from test_ctm import cf_file, ioapi_file

from model_core.ctm.daily_store import open_store
from model_core.ctm.fields import read_ctm
from model_core.ctm.formats.opening import open_fields
from model_core.ctm.inspection import inspect
from model_core.errors import InputError
from model_core.grid import Grid, ctm_crs, parse_crs, parse_grid
from model_core.grid_from_file import read_grid
from model_core.jobs import JOBS
from model_core.progress import Progress
from model_core.training.series import find_files
from model_core.variable_table import read_variable_table

HOURS = np.arange(24.0)
LAT, LON = 30.0 + np.arange(3), 110.0 + np.arange(4)


def field_file(path, name="PM25", unit="ug m-3", values=1.0, dims=("time", "lat", "lon"), attrs=None, title=None, **more):
    """One hourly day of a constant, in degrees; further variables and axes as (dims, values, attributes)."""
    axes = {
        "time": ("time", HOURS, {"units": "hours since 2018-02-20"}),
        "lat": ("lat", LAT, {"units": "degrees_north"}),
        "lon": ("lon", LON, {"units": "degrees_east"}),
    } | more
    sizes = {dim: len(axes[dim][1]) if dim in axes else np.shape(values)[dims.index(dim)] for dim in dims}
    data = np.broadcast_to(np.asarray(values, np.float32), tuple(sizes.values())).copy()
    dataset = xarray.Dataset(axes | {name: (dims, data, {"units": unit, **(attrs or {})})}, attrs=title or {})
    dataset.to_netcdf(path)
    return path


def read(path, *keys, **options):
    progress = Progress()
    return read_ctm(path, list(keys) or None, progress, **options), progress.warnings


# Names


@pytest.mark.parametrize(
    "name, unit, key, factor",
    [
        # CAMS Europe
        ("pm2p5_conc", "µg/m3", "pm25", 1),
        ("pm10_conc", "µg/m3", "pm10", 1),
        ("o3_conc", "µg/m3", "o3", 1),
        ("no2_conc", "µg/m3", "no2", 1),
        ("pm2p5", "kg m**-3", "pm25", 1e9),
        ("SURF_ug_PM25", "ug/m3", "pm25", 1),
        ("SURF_ug_NO2", "ug/m3", "no2", 1),  # CAMS, EMEP
        ("cnc_PM2_5", "kg/m3", "pm25", 1e9),
        ("cnc_O3_gas", "ug/m3", "o3", 1),
        ("tpm25", "kg m-3", "pm25", 1e9),  # SILAM, LOTOS-EUROS
        # GEOS-CF, AeroCom, WRF-Chem
        ("PM25_RH35_GCC", "ug m-3", "pm25", 1),
        ("sconcpm2p5", "kg m-3", "pm25", 1e9),
        ("PM2_5_DRY", "ug m^-3", "pm25", 1),
        ("PMTF_surface", "ug/m^3", "pm25", 1),  # NAQFC
    ],
)
def test_models_are_known_by_their_own_names(tmp_path, name, unit, key, factor):
    fields, warnings = read(field_file(tmp_path / "f.nc", name, unit, 5.0 / factor))
    assert fields.fields[key].mean() == pytest.approx(5, rel=1e-5) and warnings == []


def test_a_gap_in_the_times_is_told_by_inspect_and_no_gap_is_not(tmp_path):
    whole = field_file(tmp_path / "whole.nc")
    hours = np.concatenate([HOURS[:12], HOURS[12:] + 36])
    gap = field_file(tmp_path / "gap.nc", time=("time", hours, {"units": "hours since 2018-02-20"}))
    assert not any("gap" in note for note in inspect(whole)["notes"])
    assert any("1 gap(s), the first after 2018-02-20T11:00:00, of 37 hours" in note for note in inspect(gap)["notes"])


def test_a_file_without_any_known_name_is_told_to_need_a_table(tmp_path):
    notes = inspect(field_file(tmp_path / "f.nc", "fine_dust"))["notes"]
    assert any("no variable is recognised by its name; say which is which in a variable table" in note for note in notes)


def test_merra_parts_are_not_added_up_unasked(tmp_path):
    path = field_file(tmp_path / "f.nc", "DUSMASS25", "kg m-3", 1e-8)
    with netCDF4.Dataset(path, "a") as file:
        for name in ("SSSMASS25", "BCSMASS", "OCSMASS", "SO4SMASS"):
            file.createVariable(name, "f4", ("time", "lat", "lon"))[:] = 1e-9
    assert "MERRA-2's parts of it are" in inspect(path)["notes"][-1]
    with pytest.raises(InputError, match="none of pm25 is there"):
        read(path, "pm25")


# Levels


@pytest.mark.parametrize(
    "values, attributes, surface",
    [
        ([0.99, 0.5, 0.1], {"positive": "up"}, 0),
        ([0.1, 0.5, 0.99], {"positive": "up"}, 2),  # GEOS-Chem
        ([1, 2, 3], {"positive": "down", "units": "layer", "standard_name": "model_layers"}, 2),  # MERRA-2
        ([1000.0, 850, 500], {"units": "hPa"}, 0),
        ([50000.0, 85000, 100000], {"units": "Pa", "positive": "up"}, 2),
        ([10.0, 50, 500], {"units": "m"}, 0),
        ([5.0, 0.5, 0.05], {"units": "km", "positive": "down"}, 2),
        ([12.5, 50, 125], {"standard_name": "height"}, 0),
        ([1, 2, 3], {"positive": "up"}, 0),
        ([3.5, 500.2, 992.6], {"standard_name": "atmosphere_hybrid_sigma_pressure_coordinate", "positive": "up"}, 2),  # CAM
    ],
)
def test_the_surface_is_where_pressure_is_highest_or_height_lowest(tmp_path, values, attributes, surface):
    fields = np.zeros((24, 3, 3, 4))
    fields[:, surface] = 7
    path = field_file(tmp_path / "f.nc", values=fields, dims=("time", "lev", "lat", "lon"), lev=("lev", values, attributes))
    assert (read(path)[0].fields["pm25"] == 7).all()
    assert any(f"level {surface + 1} of 3 in 'lev'" in note for note in inspect(path)["notes"])


@pytest.mark.parametrize(
    "value, attributes", [(500.0, {"units": "hPa"}), (50000.0, {"units": "Pa"}), (3.0, {"units": "km"}), (1000.0, {"units": "m"})]
)
def test_a_file_of_one_level_far_above_the_surface_is_warned_of(tmp_path, value, attributes):
    path = field_file(tmp_path / "f.nc", dims=("time", "lev", "lat", "lon"), lev=("lev", [value], attributes))
    _, warnings = read(path)
    assert (
        len(warnings) == 1
        and "is not near the surface" in warnings[0]
        and any("is not near the surface" in note for note in inspect(path)["notes"])
    )


@pytest.mark.parametrize("turned", [False, True])
def test_hybrid_coefficients_and_pressure_fields_tell_the_surface_of_numbered_levels(tmp_path, turned):
    order = slice(None, None, -1 if turned else 1)
    values = np.array([7.0, 3, 1])[order][None, :, None, None]
    levels = ("lev", [1, 2, 3], {"standard_name": "hybrid_sigma_pressure", "formula_terms": "a: hyam b: hybm p0: P0 ps: PS"})
    terms = {"hyam": ("lev", np.array([0.0, 0.1, 0.2])[order]), "hybm": ("lev", np.array([0.99, 0.4, 0.0])[order])}
    path = field_file(tmp_path / "a.nc", values=values, dims=("time", "lev", "lat", "lon"), lev=levels, **terms)
    assert (read(path)[0].fields["pm25"] == 7).all()
    pressure = np.broadcast_to(np.array([990.0, 700, 300])[order][None, :, None, None], (24, 3, 3, 4))
    field = {"PRES": (("time", "lev", "lat", "lon"), pressure, {"units": "hPa"})}
    path = field_file(tmp_path / "b.nc", values=values, dims=("time", "lev", "lat", "lon"), **field)
    assert (read(path, "pm25")[0].fields["pm25"] == 7).all()


@pytest.mark.parametrize(
    "axis, title",
    [
        ({}, {}),
        ({"lev": ("lev", [1, 2])}, {}),
        ({"lev": ("lev", [1, 2], {"positive": "down", "units": "layer"})}, {"title": "GCHP SpeciesConc"}),
    ],
)
def test_levels_that_can_not_be_told_are_asked_for(tmp_path, axis, title):
    values = np.array([7.0, 3])[None, :, None, None]
    path = field_file(tmp_path / "f.nc", values=values, dims=("time", "lev", "lat", "lon"), title=title, **axis)
    with pytest.raises(InputError, match="has levels in 'lev' .* nothing says which is at the surface; say so with --level first"):
        read(path, "pm25")
    assert any("say so with --level first" in note for note in JOBS["inspect"]({"file": str(path)}, Progress())["notes"])
    for level, value in (("first", 7), ("last", 3), ("2", 3)):
        notes = JOBS["inspect"]({"file": str(path), "level": level}, Progress())["notes"]
        assert any("it was asked for" in note for note in notes)
        table = tmp_path / "v.toml"
        table.write_text(f'level = "{level}"\n')
        assert (read(path, "pm25", table=read_variable_table(table))[0].fields["pm25"] == value).all()
    with pytest.raises(InputError, match="has no level '9'; write first, last, or a value of its level axis .lev of 2 levels"):
        JOBS["inspect"]({"file": str(path), "level": "9"}, Progress())
    with pytest.raises(InputError, match="level is 'lowest'; write first, last, or a value"):
        JOBS["inspect"]({"file": str(path), "level": "lowest"}, Progress())


@pytest.mark.parametrize(
    "kind, edges, surface",
    [(7, [1.0, 0.9, 0.5], 0), (7, [0.5, 0.9, 1.0], 1), (6, [0.0, 50, 200], 0), (6, [200.0, 50, 0], 1), (-9999, [0.0] * 3, 0)],
)
def test_the_layers_of_ioapi_have_edges(tmp_path, kind, edges, surface):
    layers = np.zeros((1, 2, 3, 4))
    layers[0, surface] = 7
    path = ioapi_file(tmp_path / "f.nc", {"PM25_TOT": ("ug m-3", layers)}, VGTYP=kind, VGLVLS=np.float32(edges))
    assert (read(path)[0].fields["pm25"] == 7).all()


# Mixing ratios


def concentration(ratio, mass, kelvin, pascal):
    """ug m-3 by the law of ideal gases, written out here."""
    return ratio * mass * pascal / (R * kelvin) * 1e6


@pytest.mark.parametrize(
    "unit, factor", [("ppmV", 1e-6), ("ppb vol", 1e-9), ("mol mol-1 dry", 1), ("mole/mole", 1), ("nmol mol-1", 1e-9), ("ppbv", 1e-9)]
)
def test_a_gas_is_converted_with_temperature_and_pressure_of_its_file_or_at_20_degrees(tmp_path, unit, factor):
    met = {
        "T2": (("time", "lat", "lon"), np.full((24, 3, 4), 280.0), {"units": "K"}),
        "PSFC": (("time", "lat", "lon"), np.full((24, 3, 4), 900.0), {"units": "hPa"}),
    }
    fields, warnings = read(field_file(tmp_path / "a.nc", "SpeciesConcVV_O3", unit, 40e-9 / factor, **met))
    assert fields.fields["o3"].mean() == pytest.approx(concentration(40e-9, 47.998, 280, 90000), rel=1e-5) and warnings == []
    fields, warnings = read(field_file(tmp_path / "b.nc", "o3", unit, 40e-9 / factor))
    assert fields.fields["o3"].mean() == pytest.approx(concentration(40e-9, 47.998, 293.15, 101325), rel=1e-5)
    assert len(warnings) == 1 and "converted at 293.15 K and 1013.25 hPa, because temperature and pressure are not there" in warnings[0]


def test_a_ratio_of_mass_needs_the_air_and_no_molar_mass(tmp_path):
    air = {"AIR_DENS": (("time", "lat", "lon"), np.full((24, 3, 4), 1.2), {"units": "kg m-3"})}
    assert read(field_file(tmp_path / "a.nc", "mmrpm2p5", "kg kg-1", 1e-8, **air))[0].fields["pm25"].mean() == pytest.approx(12, rel=1e-5)
    assert read(field_file(tmp_path / "b.nc", "go3", "kg kg**-1", 1e-7, **air))[0].fields["o3"].mean() == pytest.approx(120, rel=1e-5)


def test_a_ratio_of_one_is_told_by_its_standard_name_or_refused(tmp_path):
    named = field_file(tmp_path / "a.nc", "x", "1", 40e-9, attrs={"standard_name": "mole_fraction_of_ozone_in_air"})
    assert read(named)[0].fields["o3"].mean() == pytest.approx(concentration(40e-9, 47.998, 293.15, 101325), rel=1e-5)
    with pytest.raises(InputError, match="unit '1' can't be converted"):
        read(field_file(tmp_path / "b.nc", "o3", "1", 40e-9), "o3")


def test_the_air_may_be_in_a_companion_file(tmp_path):
    gas = ioapi_file(tmp_path / "conc.nc", {"O3": ("ppmV", 0.04)}, step=10000, steps=24)
    met = ioapi_file(tmp_path / "met.nc", {"TEMP2": ("K", 280.0), "PRSFC": ("Pascal", 90000.0)}, step=10000, steps=24)
    fields, warnings = read([gas, met], "o3")
    assert fields.fields["o3"].mean() == pytest.approx(concentration(40e-9, 47.998, 280, 90000), rel=1e-5) and warnings == []
    short = ioapi_file(tmp_path / "short.nc", {"TEMP2": ("K", 280.0), "PRSFC": ("Pascal", 90000.0)}, step=10000, steps=20)
    fields, warnings = read([gas, short], "o3")
    assert "converted at 293.15 K" in warnings[0]


# Times


def timed(path, values, **attributes):
    """A file in degrees with these times."""
    axes = {
        "time": ("time", np.asarray(values), attributes),
        "lat": ("lat", LAT, {"units": "degrees_north"}),
        "lon": ("lon", LON, {"units": "degrees_east"}),
    }
    xarray.Dataset(axes | {"PM25": (("time", "lat", "lon"), np.ones((len(values), 3, 4), np.float32), {"units": "ug m-3"})}).to_netcdf(path)
    return path


@pytest.mark.parametrize(
    "values, attributes, message",
    [
        (HOURS, {"units": "hours"}, "do not say since when they count; write units such as"),
        (HOURS, {"units": "months since 2018-01-01"}, "count months; monthly or yearly means are not days"),
        ([20180101.5, 20181301.5], {"units": "day as %Y%m%d.%f"}, "a date that does not exist"),
        (np.float32([20180101.25, 20180102.25]), {"units": "day as %Y%m%d.%f"}, "are dates in single precision"),
        ([1e9, 2e9], {"units": "days since 1900-01-01"}, "are not understood|that does not exist"),
        ([0, np.nan], {"units": "days since 1900-01-01"}, "have gaps or are no numbers"),
        (["2018-02-20", "soon"], {}, "variable time is not understood"),
    ],
)
def test_times_that_can_not_be_read_say_what_to_write(tmp_path, values, attributes, message):
    with pytest.raises(InputError, match=message):
        read(timed(tmp_path / "f.nc", values, **attributes))


def test_the_start_may_stand_in_an_attribute_of_the_file(tmp_path):
    path = timed(tmp_path / "f.nc", HOURS, units="hours", long_name="time")
    with netCDF4.Dataset(path, "a") as file:
        file.FORECAST = "Europe, 2021122212+[0H_24H]"
    assert inspect(path)["times"]["first"] == "2021-12-22T12:00:00"


@pytest.mark.parametrize("values", [[0, 31, 59], [15.5, 45, 74.5], [0, 365, 730]])
def test_monthly_and_yearly_steps_are_no_days(tmp_path, values):
    with pytest.raises(InputError, match="monthly means are not days"):
        read(timed(tmp_path / "f.nc", values, units="days since 2018-01-01"))


def test_months_that_are_alone_in_their_files_are_no_days_either(tmp_path):
    files = [timed(tmp_path / f"{month}.nc", [day], units="days since 2018-01-01") for month, day in enumerate([0, 31, 59])]
    with pytest.raises(InputError, match="days apart; daily or hourly fields are needed, and monthly means are not days"):
        read(files)


def test_fields_a_few_days_apart_are_said_to_be_taken_as_days(tmp_path):
    path = timed(tmp_path / "f.nc", [0, 5, 10], units="days since 2018-01-01")
    assert any("5 days apart; each field is taken as the mean of the day" in note for note in inspect(path)["notes"])


def test_a_time_axis_that_claims_the_world_is_refused_before_memory_is_taken(tmp_path):
    with netCDF4.Dataset(tmp_path / "f.nc", "w") as file:
        file.createDimension("t", 10**9)
        file.createVariable("t", "f8", ("t",), chunksizes=(1000,)).setncatts({"units": "hours since 2018-01-01", "standard_name": "time"})
    with pytest.raises(InputError, match="'t' claims 1000000000 cells"):
        inspect(tmp_path / "f.nc")


# WRF, WPS and CHIMERE


def lambert(rows=12, columns=14):
    return Grid.from_lower_left(ctm_crs("+proj=lcc +lat_1=30 +lat_2=60 +lat_0=45 +lon_0=10"), -60e3, 30e3, (9e3, 9e3), (rows, columns))


WRF = {
    "MAP_PROJ": 1,
    "TRUELAT1": 30.0,
    "TRUELAT2": 60.0,
    "STAND_LON": 10.0,
    "MOAD_CEN_LAT": 45.0,
    "CEN_LAT": 45.0,
    "CEN_LON": 10.0,
    "DX": 9e3,
    "DY": 9e3,
}


def test_wps_static_fields_are_maps_and_a_grid(tmp_path):
    grid = lambert()
    lon, lat = (values[None, ::-1].astype(np.float32) for values in grid.lonlat())
    mass = ("Time", "south_north", "west_east")
    xarray.Dataset(
        {
            "Times": ("Time", np.array([b"0000-00-00_00:00:00"])),
            "XLONG_M": (mass, lon),
            "XLAT_M": (mass, lat),
            "HGT_M": (mass, lat * 10, {"units": "meters MSL"}),
            "LANDMASK": (mass, np.ones_like(lat), {"units": "none"}),
            "GREENFRAC": (("Time", "month", "south_north", "west_east"), np.ones((1, 12, *grid.shape)), {"units": "fraction"}),
        },
        attrs=WRF,
    ).to_netcdf(tmp_path / "geo_em.d01.nc")
    assert read_grid(tmp_path / "geo_em.d01.nc").matches(grid)
    fields, _ = read(tmp_path / "geo_em.d01.nc")
    assert fields.times == [] and np.allclose(fields.static["elevation"], lat[0, ::-1] * 10) and fields.static["land"].mean() == 1


@pytest.mark.parametrize(
    "change, message",
    [
        ({"STAND_LON": 1e20}, "does not set the attributes STAND_LON"),
        ({"TRUELAT1": "thirty"}, "TRUELAT1 = 'thirty', which is no number"),
        ({"DX": 0.0}, "DX = 0.0, which is no cell size"),
        ({"TRUELAT1": 0.0, "TRUELAT2": 0.0}, "make no projection"),
        ({"MAP_PROJ": 9}, "MAP_PROJ=9, which is not supported"),
    ],
)
def test_wrf_attributes_that_make_no_grid_are_named(tmp_path, change, message):
    lon, lat = (values[::-1].astype(np.float32) for values in lambert().lonlat())
    mass = ("south_north", "west_east")
    xarray.Dataset({"XLONG": (mass, lon), "XLAT": (mass, lat), "HGT": (mass, lat, {"units": "m"})}, attrs=WRF | change).to_netcdf(
        tmp_path / "wrfout"
    )
    with pytest.raises(InputError, match=message):
        read_grid(tmp_path / "wrfout")


def test_a_part_of_a_wrf_domain_without_longitudes_is_refused(tmp_path):
    counts = {"WEST-EAST_GRID_DIMENSION": 41, "SOUTH-NORTH_GRID_DIMENSION": 31}
    xarray.Dataset({"T2": (("south_north", "west_east"), np.ones((12, 14)), {"units": "K"})}, attrs=WRF | counts).to_netcdf(
        tmp_path / "cut.nc"
    )
    with pytest.raises(InputError, match="12 x 14 cells are a part of the 30 x 40 of its domain.*keep XLAT and XLONG"):
        read_grid(tmp_path / "cut.nc")


def test_chimere_has_its_times_as_text_and_its_place_in_two_dimensions(tmp_path):
    grid = lambert()
    lon, lat = (values[::-1] for values in grid.lonlat())
    values = np.stack([lon + 2 * lat, lon * 0], axis=0)[None].repeat(24, 0).astype(np.float32)
    dims = ("Time", "bottom_top", "south_north", "west_east")
    xarray.Dataset(
        {
            "Times": ("Time", np.array([f"2018-02-20_{hour:02}:00:00" for hour in range(24)], "S19")),
            "lon": (dims[2:], lon, {"units": "degrees_east"}),
            "lat": (dims[2:], lat, {"units": "degrees_north"}),
            "PM25": (dims, values, {"units": "ug/m3"}),
            "O3": (dims, values * 0 + 40, {"units": "ppb vol"}),
        }
    ).to_netcdf(tmp_path / "out.nc")
    fields, warnings = read(tmp_path / "out.nc")
    assert fields.times == [date(2018, 2, 20)] and np.allclose(fields.fields["pm25"][0], (lon + 2 * lat)[::-1], atol=1e-3)
    row, column = fields.grid.locate(*(v[::-1] for v in (lon, lat)), "EPSG:4326")
    assert np.abs(row - np.indices(row.shape)[0] - 0.5).max() < 0.1 and np.abs(column - np.indices(row.shape)[1] - 0.5).max() < 0.1
    assert fields.fields["o3"].mean() == pytest.approx(79.8, abs=0.1) and "293.15 K" in warnings[0]


# Grids


@pytest.mark.parametrize("attributes", [{}, {"units": "1"}, {"axis": "X"}])
def test_axes_that_only_count_the_cells_give_way_to_longitudes_in_two_dimensions(tmp_path, attributes):
    grid, of_y = lambert(), {**attributes, "axis": "Y"} if attributes.get("axis") else attributes
    lon, lat = (values[::-1] for values in grid.lonlat())
    xarray.Dataset(
        {
            "PM25": (("y", "x"), lon, {"units": "ug m-3", "coordinates": "gridlon gridlat"}),
            "gridlon": (("y", "x"), lon, {"units": "degrees_east"}),
            "gridlat": (("y", "x"), lat, {"units": "degrees_north"}),
        },
        {"x": ("x", np.arange(14), attributes), "y": ("y", np.arange(12), of_y)},
        {"date": "2018-02-20"},
    ).to_netcdf(tmp_path / "f.nc")
    found = read_grid(tmp_path / "f.nc")
    row, column = found.locate(lon[::-1], lat[::-1], "EPSG:4326")
    assert found.shape == grid.shape and np.abs(row - np.indices(row.shape)[0] - 0.5).max() < 0.1


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda m: m.pop("latitude_of_projection_origin"), "KeyError: 'latitude_of_projection_origin'"),
        (lambda m: m.update(standard_parallel="north"), "is not understood"),
        (lambda m: m.update(earth_radius=1.0), "earth_radius = 1.0, which is no radius of the Earth"),
        (lambda m: m.update(earth_radius=np.nan), "earth_radius = nan, which is no number"),
        (lambda m: m.update(grid_mapping_name="cubed_sphere"), "is not understood"),
        (lambda m: m.pop("grid_mapping_name"), "is not understood .it has no grid_mapping_name"),
        (lambda m: m.update(standard_parallel=500.0), "is not understood"),
    ],
)
def test_a_damaged_grid_mapping_is_named_with_its_remedy(tmp_path, change, message):
    mapping = {
        "grid_mapping_name": "lambert_conformal_conic",
        "standard_parallel": [30.0, 60.0],
        "latitude_of_projection_origin": 45.0,
        "longitude_of_central_meridian": 10.0,
        "earth_radius": 6370000.0,
    }
    change(mapping)
    xarray.Dataset(
        {"crs": ((), 0, mapping), "PM25": (("y", "x"), np.zeros((3, 4)), {"grid_mapping": "crs", "units": "ug m-3"})},
        {"x": ("x", np.arange(4) * 9e3, {"units": "m"}), "y": ("y", np.arange(3) * 9e3, {"units": "m"})},
    ).to_netcdf(tmp_path / "f.nc")
    with pytest.raises(InputError, match=f"f.nc': grid mapping 'crs' .*{message}.*ncatted|f.nc': grid mapping 'crs' has {message}"):
        read_grid(tmp_path / "f.nc")


@pytest.mark.parametrize("radius", [{"earth_radius": 6370000.0}, {"semi_major_axis": 6378137.0, "inverse_flattening": 298.257}, {}])
@pytest.mark.parametrize("meridian", [{}, {"longitude_of_prime_meridian": 2.5}, {"prime_meridian_name": "Paris"}])
def test_a_grid_mapping_is_the_crs_that_pyproj_makes_of_it(tmp_path, radius, meridian):
    mapping = {
        "grid_mapping_name": "lambert_conformal_conic",
        "standard_parallel": [30.0, 60.0],
        "latitude_of_projection_origin": 45.0,
        "longitude_of_central_meridian": 10.0,
        **radius,
        **meridian,
    }
    xarray.Dataset(
        {"crs": ((), 0, mapping), "PM25": (("y", "x"), np.zeros((3, 4)), {"grid_mapping": "crs", "units": "ug m-3"})},
        {"x": ("x", np.arange(4) * 9e3, {"units": "m"}), "y": ("y", np.arange(3) * 9e3, {"units": "m"})},
    ).to_netcdf(tmp_path / "f.nc")
    assert read_grid(tmp_path / "f.nc").crs.to_wkt() == CRS.from_cf(mapping).to_wkt()


@pytest.mark.parametrize("unit, factor", [("km", 1), ("m", 1000), ("", 1)])
def test_a_mapping_in_kilometres_takes_axes_in_kilometres_or_metres(tmp_path, unit, factor):
    mapping = {
        "grid_mapping_name": "lambert_conformal_conic",
        "standard_parallel": [30.0, 60.0],
        "latitude_of_projection_origin": 45.0,
        "longitude_of_central_meridian": 10.0,
        "earth_radius": 6370.0,
        "false_easting": 100.0,
    }
    xarray.Dataset(
        {"crs": ((), 0, mapping), "PM25": (("y", "x"), np.zeros((3, 4)), {"grid_mapping": "crs", "units": "ug m-3"})},
        {"x": ("x", np.arange(4) * 9.0 * factor, {"units": unit}), "y": ("y", np.arange(3) * 9.0 * factor, {"units": unit})},
    ).to_netcdf(tmp_path / "f.nc")
    grid = read_grid(tmp_path / "f.nc")
    crs = ctm_crs("+proj=lcc +lat_1=30 +lat_2=60 +lat_0=45 +lon_0=10 +x_0=100000")
    assert grid.cell_size == pytest.approx((9000, 9000)) and grid.locate(-4500, 22500, crs) == pytest.approx((0, 0), abs=1e-6)


def test_axes_in_metres_that_say_nothing_of_kilometres_are_refused_below_100_m(tmp_path):
    mapping = ctm_crs("+proj=lcc +lat_1=30 +lat_2=60 +lat_0=45 +lon_0=10").to_cf()
    xarray.Dataset(
        {"crs": ((), 0, mapping), "PM25": (("y", "x"), np.zeros((3, 4)), {"grid_mapping": "crs"})},
        {"x": np.arange(4) * 9.0, "y": np.arange(3) * 9.0},
    ).to_netcdf(tmp_path / "f.nc")
    with pytest.raises(InputError, match="axis 'y' has steps of 9 metre .* correct its attribute units, for example to 'km'"):
        read_grid(tmp_path / "f.nc")


def test_half_rows_at_the_poles_are_rows(tmp_path):
    lat = np.concatenate([[-89.5], np.arange(-88.0, 89, 2), [89.5]])
    path = tmp_path / "global.nc"
    xarray.Dataset(
        {"PM25": (("lat", "lon"), np.zeros((91, 144)), {"units": "ug m-3"})}, {"lat": lat, "lon": np.arange(-180, 180, 2.5)}
    ).to_netcdf(path)
    assert read_grid(path).bounds == pytest.approx((-181.25, -91, 178.75, 91))


def test_a_rotated_pole_that_nobody_refers_to_beside_plain_degrees_is_asked_about(tmp_path):
    path = field_file(
        tmp_path / "f.nc",
        rotated_pole=(
            (),
            0,
            {"grid_mapping_name": "rotated_latitude_longitude", "grid_north_pole_latitude": 40.0, "grid_north_pole_longitude": -170.0},
        ),
    )
    with pytest.raises(InputError, match="rotated pole 'rotated_pole' that no field refers to, .*ncatted -a grid_mapping"):
        read(path)


@pytest.mark.parametrize("radius", [6370000.0, 6371229.0])
def test_where_no_radius_of_the_earth_is_stated_the_longitudes_and_latitudes_choose_it(tmp_path, radius):
    stated = ctm_crs("+proj=lcc +lat_1=30 +lat_2=60 +lat_0=45 +lon_0=10").to_cf()
    mapping = {
        key: value
        for key, value in stated.items()
        if key in ("grid_mapping_name", "standard_parallel", "latitude_of_projection_origin", "longitude_of_central_meridian")
    }
    true = Grid.from_lower_left(parse_crs(f"+proj=lcc +lat_1=30 +lat_2=60 +lat_0=45 +lon_0=10 +R={radius}"), 9e5, 9e5, (3e3, 3e3), (40, 50))
    lon, lat = (values[::-1] for values in true.lonlat())
    fields = {"lon": (("y", "x"), lon, {"units": "degrees_east"}), "lat": (("y", "x"), lat, {"units": "degrees_north"})}
    axes = {"x": ("x", true.x, {"units": "m", "axis": "X"}), "y": ("y", true.y[::-1], {"units": "m", "axis": "Y"})}
    pm = {"crs": ((), 0, mapping), "PM25": (("y", "x"), lon, {"grid_mapping": "crs", "units": "ug m-3"})}
    xarray.Dataset(fields | pm, axes).to_netcdf(tmp_path / "a.nc")
    assert read_grid(tmp_path / "a.nc").matches(true)
    assert any(f"one of {radius:.0f} m fits its longitudes and latitudes best" in note for note in inspect(tmp_path / "a.nc")["notes"])
    xarray.Dataset(pm, axes).to_netcdf(tmp_path / "b.nc")
    assert any("states no radius of the Earth; one of 6378137 m is taken" in note for note in inspect(tmp_path / "b.nc")["notes"])


def test_the_fake_longitudes_of_a_cubed_sphere_are_refused(tmp_path):
    axes = {
        name: (name, np.arange(4.0), {"units": unit, "long_name": f"Fake {what} for GrADS Compatibility"})
        for name, unit, what in (("Xdim", "degrees_east", "Longitude"), ("Ydim", "degrees_north", "Latitude"))
    }
    axes["Ydim"][2]["axis"], axes["Xdim"][2]["axis"] = "Y", "X"
    xarray.Dataset({"PM25": (("nf", "Ydim", "Xdim"), np.zeros((6, 4, 4)), {"units": "ug m-3"})}, axes).to_netcdf(tmp_path / "f.nc")
    with pytest.raises(InputError, match="is on a cubed sphere, .* regrid it"):
        read_grid(tmp_path / "f.nc")


def test_global_cams_of_the_new_data_store_counts_its_times_in_valid_time(tmp_path):
    lon, lat = np.arange(0, 360, 0.75), np.arange(90, -90.1, -0.75)
    values = np.broadcast_to((np.cos(np.radians(lon))[None, :] + lat[:, None] / 90 + 3) * 1e-8, (8, 241, 480)).astype(np.float32)
    xarray.Dataset(
        {"pm2p5": (("valid_time", "latitude", "longitude"), values, {"units": "kg m**-3"})},
        {
            "valid_time": ("valid_time", np.arange(8) * 10800, {"units": "seconds since 2018-02-20", "standard_name": "time"}),
            "latitude": ("latitude", lat, {"units": "degrees_north"}),
            "longitude": ("longitude", lon, {"units": "degrees_east"}),
        },
    ).to_netcdf(tmp_path / "eac4.nc")
    fields, _ = read(tmp_path / "eac4.nc")
    row, column = fields.grid.locate([-0.01, 116.25, -90], [0.01, 39.75, -30], "EPSG:4326")
    found = fields.fields["pm25"][0, row.astype(int), column.astype(int)]
    assert fields.times == [date(2018, 2, 20)] and np.allclose(
        found, [40, (np.cos(np.radians(116.25)) + 39.75 / 90 + 3) * 10, (3 - 1 / 3) * 10], rtol=1e-3
    )


@pytest.mark.parametrize(
    "grid",
    [
        "-inf,0,1,1,1@EPSG:4326",
        "0,0,1,1,nan@EPSG:4326",
        "0,0,1,1,0@EPSG:4326",
        "0,0,9,9,1@+proj=longlat +R=1",
        "70,10,140,55,0.001@EPSG:4326",
        "0,0,1e300,1e300,1e-300@EPSG:3857",
        "0,0,500000,500000,1000@EPSG:4326",
        "0,0,9,9,1@+proj=lcc +lat_1=0",
    ],
)
def test_an_absurd_grid_is_one_clear_error(grid):
    with pytest.raises(InputError):
        parse_grid(grid)


def test_a_projection_of_ioapi_that_lacks_a_number_is_not_completed_with_zero(tmp_path):
    path = ioapi_file(tmp_path / "f.nc", {"PM25_TOT": ("ug m-3", 5.0)})
    with netCDF4.Dataset(path, "a") as file:
        file.delncattr("P_GAM")
    with pytest.raises(InputError, match="lacks the IOAPI attributes P_GAM of its projection"):
        read(path)


# Other containers


@pytest.mark.filterwarnings("ignore:Consolidated metadata")
@pytest.mark.parametrize("version", [2, 3])
def test_a_zarr_store_is_read_like_a_file(tmp_path, version):
    path = tmp_path / "cams.zarr"
    with xarray.open_dataset(cf_file(tmp_path / "f.nc", range(24)), decode_times=False) as file:
        file.to_zarr(path, zarr_format=version)
    assert np.array_equal(read(path)[0].fields["pm25"], read(tmp_path / "f.nc")[0].fields["pm25"])
    assert read_grid(path).matches(read_grid(tmp_path / "f.nc")) and find_files([path]) == [path] and path in find_files([tmp_path])
    assert open_store(path, folder=tmp_path).times == [date(2018, 2, 20)]
    next(path.glob("zarr.json" if version == 3 else ".zmetadata")).write_text("{")
    with pytest.raises(InputError, match="cams.zarr' is a damaged or incomplete Zarr store"):
        read(path)


def test_fields_in_groups_are_found_and_said_to_be(tmp_path):
    with netCDF4.Dataset(tmp_path / "f.nc", "w") as file:
        for name, values, unit in (("time", HOURS, "hours since 2018-02-20"), ("lat", LAT, "degrees_north"), ("lon", LON, "degrees_east")):
            file.createDimension(name, len(values))
            file.createVariable(name, "f8", (name,)).units = unit
            file[name][:] = values
        surface = file.createGroup("AIR/SURFACE").createVariable("PM25", "f4", ("time", "lat", "lon"))
        surface.units, surface[:] = "ug m-3", 5
        other = file.createGroup("OTHER")
        other.createDimension("lat", 9)
        other.createVariable("O3", "f4", ("lat",))[:] = 1
    assert (read(tmp_path / "f.nc")[0].fields["pm25"] == 5).all()
    notes = inspect(tmp_path / "f.nc")["notes"]
    assert (
        "1 variables are of its group 'AIR/SURFACE'" in notes and "group 'OTHER' is left out: its axes contradict those before it" in notes
    )


def test_grib_is_read_where_its_reader_is_installed(tmp_path):
    eccodes = pytest.importorskip("eccodes")
    pytest.importorskip("cfgrib")
    header = {
        "centre": "ecmf",
        "Ni": 4,
        "Nj": 3,
        "iDirectionIncrementInDegrees": 1,
        "jDirectionIncrementInDegrees": 1,
        "latitudeOfFirstGridPointInDegrees": 32,
        "latitudeOfLastGridPointInDegrees": 30,
        "longitudeOfFirstGridPointInDegrees": 110,
        "longitudeOfLastGridPointInDegrees": 113,
        "dataDate": 20180220,
        "dataTime": 0,
    }
    with open(tmp_path / "cams.grib", "wb") as file:
        for step in range(24):
            message = eccodes.codes_grib_new_from_samples("regular_ll_sfc_grib2")
            for key, value in (header | {"stepRange": step, "shortName": "pm2p5"}).items():
                eccodes.codes_set(message, key, value)
            eccodes.codes_set_values(message, 1e-9 * (np.arange(12.0) + step))
            eccodes.codes_write(message, file)
            eccodes.codes_release(message)
    fields, _ = read(tmp_path / "cams.grib")
    assert fields.times == [date(2018, 2, 20)] and np.allclose(fields.fields["pm25"][0], np.arange(12).reshape(3, 4) + 11.5, rtol=1e-4)
    assert fields.grid.bounds == pytest.approx((109.5, 29.5, 113.5, 32.5))


def test_grib_without_its_reader_names_the_package(tmp_path):
    (tmp_path / "f.grb").write_bytes(b"GRIB....")
    with pytest.raises(InputError, match="is a GRIB file, for which the engine lacks .* cfgrib and eccodes|is a damaged GRIB file"):
        open_fields(tmp_path / "f.grb")


def test_three_thousand_variables_are_described_once_each(tmp_path):
    with netCDF4.Dataset(tmp_path / "f.nc", "w") as file:
        for name, values in (("lat", LAT), ("lon", LON)):
            file.createDimension(name, len(values))
            file.createVariable(name, "f8", (name,))[:] = values
        for number in range(3000):
            file.createVariable(f"V{number}", "f4", ("lat", "lon"))
    assert len(inspect(tmp_path / "f.nc")["variables"]) == 3000
