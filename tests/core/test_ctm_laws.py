"""What holds for every CTM file: levels, longitudes and poles may be written in any way; a damaged header is one clear error."""

import tempfile
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from model_core.ctm.fields import read_ctm
from model_core.ctm.formats import netcdf_file
from model_core.ctm.formats.rotated_pole import fit_rotation, rotated_crs
from model_core.ctm.inspection import inspect
from model_core.errors import InputError
from model_core.grid_from_file import read_grid

TIME = ("time", [0, 24], {"units": "hours since 2018-02-20"})


def written(dataset):
    """What reading gives of a dataset that was written to a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "f.nc"
        dataset.to_netcdf(path)
        return read_ctm(path)


SIGMA = st.lists(st.floats(0.001, 0.9, allow_subnormal=False), min_size=2, max_size=6, unique_by=lambda v: round(v, 3)).map(
    lambda v: (sorted([*v, 0.995])[::-1], {})
)
PRESSURE = SIGMA.map(lambda v: ([1000 * value for value in v[0]], {"units": "hPa"}))
PASCAL = SIGMA.map(lambda v: ([101325 * value for value in v[0]], {"units": "Pa", "standard_name": "air_pressure"}))
HEIGHT = st.lists(st.floats(100, 20000), min_size=2, max_size=6, unique_by=round).map(lambda v: (sorted([*v, 10.0]), {"units": "m"}))
KILOMETRES = HEIGHT.map(lambda v: ([value / 1000 for value in v[0]], {"units": "km", "standard_name": "altitude"}))


@settings(max_examples=10)
@given(axis=st.one_of(SIGMA, PRESSURE, PASCAL, HEIGHT, KILOMETRES), positive=st.sampled_from(["up", "down", "", None]), data=st.data())
def test_levels_in_any_order_and_sign_give_the_same_surface(axis, positive, data):
    values, attributes = axis  # from the surface upwards
    order = data.draw(st.permutations(range(len(values))))
    field = np.arange(1.0, len(values) + 1)[order]  # the surface holds a 1
    attributes = attributes | ({} if positive is None else {"positive": positive})
    fields = written(
        xarray.Dataset(
            {
                "PM25": (
                    ("time", "lev", "lat", "lon"),
                    np.broadcast_to(field[None, :, None, None], (2, len(values), 3, 4)),
                    {"units": "ug m-3"},
                )
            },
            {"time": TIME, "lev": ("lev", np.array(values)[order], attributes), "lat": np.arange(3.0), "lon": np.arange(4.0)},
        )
    )
    assert (fields.fields["pm25"] == 1).all()


@settings(max_examples=10)
@given(
    start=st.integers(-180, 179),
    columns=st.integers(4, 360),
    turn=st.sampled_from([-360, 0, 360]),
    wrap=st.sampled_from([None, 180, 360]),
    eastward=st.booleans(),
    northward=st.booleans(),
)
def test_a_field_is_the_same_with_any_start_of_longitude(start, columns, turn, wrap, eastward, northward):
    lon = start + 0.5 + np.arange(columns)
    lat = 30.5 + np.arange(5)
    values = np.sin(np.radians(lon))[None, :] * 10 + lat[:, None]
    shown = lon + turn if wrap is None else (lon + 360 - wrap) % 360 + wrap - 360  # wrapped at 180 or at 360
    step = slice(None, None, 1 if eastward else -1), slice(None, None, 1 if northward else -1)
    fields = written(
        xarray.Dataset(
            {"PM25": (("time", "lat", "lon"), np.broadcast_to(values[step[1], step[0]], (2, 5, columns)), {"units": "ug m-3"})},
            {
                "time": TIME,
                "lat": ("lat", lat[step[1]], {"units": "degrees_north"}),
                "lon": ("lon", shown[step[0]], {"units": "degrees_east"}),
            },
        )
    )
    row, column = fields.grid.locate(*np.meshgrid(lon, lat), "EPSG:4326")
    assert np.allclose(fields.fields["pm25"][0, np.floor(row).astype(int), np.floor(column).astype(int)], values, atol=1e-4)
    west, _, east, _ = fields.grid.bounds
    assert east - west == pytest.approx(columns)


@settings(max_examples=10)
@given(
    pole_latitude=st.floats(-85, 85),
    pole_longitude=st.floats(-179, 179),
    north=st.one_of(st.just(0.0), st.floats(-170, 170)),
    west=st.floats(-60, 30),
    south=st.floats(-40, 20),
)
def test_a_rotated_pole_comes_back_from_longitudes_and_latitudes(pole_latitude, pole_longitude, north, west, south):
    crs = rotated_crs(pole_latitude, pole_longitude, north)
    x, y = west + 0.11 * np.arange(60), south + 0.11 * np.arange(50)
    lon, lat = Transformer.from_crs(crs, crs.source_crs, always_xy=True).transform(*np.meshgrid(x, y))
    found, misfit = fit_rotation(x, y, np.float32(lon).astype(float), np.float32(lat).astype(float), Path("f.nc"))
    back_x, back_y = Transformer.from_crs(found.source_crs, found, always_xy=True).transform(lon, lat)
    assert misfit < 0.05 and np.abs((back_x - x + 180) % 360 - 180).max() < 0.01 and np.abs(back_y - y[:, None]).max() < 0.01


def test_coordinates_that_no_rotation_makes_are_refused():
    x, y = np.arange(20.0), np.arange(15.0)
    lon, lat = np.meshgrid(x**1.5, y**1.2)
    with pytest.raises(InputError, match="none takes its axes to its longitudes and latitudes"):
        fit_rotation(x, y, lon, lat, Path("f.nc"))


# Damaged headers

NONSENSE = (
    np.nan,
    np.inf,
    -np.inf,
    0,
    -1,
    1e300,
    1e20,
    2**31 - 1,
    "",
    "x" * 3000,
    "km",
    "degrees",
    "hours since yesterday",
    "µ",
    "%s",
    np.array([1.0, np.nan]),
    np.array([], "f8"),
    np.array(["a", "b"], object),
    "latitude",
    "projection_x_coordinate",
    "grid_latitude",
    "Z",
    "up",
    "rotated_latitude_longitude",
    "months since 2000-01-01",
)
FILES = {
    "CF with a rotated pole": "field_cases/33_rotated_pole/with_grid_mapping.nc",
    "IOAPI": "us_cmaq/dailyavg.LST.Y_24.2016fh.v531.108US2.01.nc",
    "WRF": "field_cases/35_wrf_standlon_1e20/wrfout_d01_mercator.nc",
    "GEOS-Chem": "field_cases/30_geoschem_levels/GEOSChem.AerosolMass.20190701_0000z.nc4",
    "CF in kilometres": "field_cases/38_grid_mapping_km/CD24_like.nc",
}


def damaged(path, target, random):
    """The file with one to three attributes taken away, made nonsense or swapped; what was done, in words."""
    target.write_bytes(path.read_bytes())
    done = []
    with netCDF4.Dataset(target, "a") as file:
        for _ in range(random.integers(1, 4)):
            places = [file, *file.variables.values()]
            place = places[0] if random.random() < 0.3 else places[random.integers(len(places))]
            names = [name for name in place.ncattrs() if name != "_FillValue"]
            new = ("units", "standard_name", "grid_mapping", "positive", "axis", "coordinates", "bounds", "calendar", "formula_terms")
            name = names[random.integers(len(names))] if names and random.random() < 0.7 else new[random.integers(len(new))]
            value = NONSENSE[random.integers(len(NONSENSE))]
            try:
                if name in names and random.random() < 0.3:
                    place.delncattr(name)
                    value = "taken away"
                else:
                    place.setncattr(name, value)
            except (TypeError, ValueError, RuntimeError, AttributeError, OSError):
                continue  # the format can't hold it
            done.append(f"{getattr(place, 'name', 'file')}:{name} = {value!r}")
    return done


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_header_gives_an_error_that_names_the_file_or_a_sane_field(shared_data, tmp_path, name):
    path, random = shared_data / FILES[name], np.random.default_rng(11)
    for number in range(4):  # `make trials` takes hundreds
        target = tmp_path / f"{number}.nc"
        done = damaged(path, target, random)
        for read in (inspect, read_grid, read_ctm):
            try:
                found = read(target)
            except InputError as error:
                assert str(error), done
            except Exception as error:
                raise AssertionError(f"after {done}: {type(error).__name__}: {error}") from error
            else:
                assert found is not None
        target.unlink()


# Headers that claim more than there is


def _claims(path, sizes, variables):
    """A file of almost no bytes whose variables have these sizes."""
    with netCDF4.Dataset(path, "w") as file:
        for name, size in zip(("time", "lat", "lon"), sizes):
            file.createDimension(name, size or None)
        for name, unit in (("time", "minutes since 2019-01-05"), ("lat", "degrees_north"), ("lon", "degrees_east")):
            axis = file.createVariable(name, "f8", (name,))
            axis.units = unit
            if sizes[("time", "lat", "lon").index(name)]:
                axis[:] = np.linspace(0, 60, len(axis)) if name != "time" else np.arange(len(axis))
        for name in variables:
            file.createVariable(name, "f4", ("time", "lat", "lon"), chunksizes=(1, 10, 10)).units = "ug m-3"
    return path


def test_a_day_that_no_memory_holds_is_refused_before_it_is_read(tmp_path):
    path = _claims(tmp_path / "large.nc", (1400, 10_000, 15_000), ["PM25"])
    with pytest.raises(InputError, match="large.nc.*GiB.*is its header right"):
        read_ctm(path)


def test_more_variables_that_can_grow_than_the_library_copes_with_are_refused_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(netcdf_file, "_MOST_GROWING", 30)  # of 1500, whose file takes seconds to make
    path = _claims(tmp_path / "many.nc", (None, 10, 10), [f"V{number}" for number in range(30)])
    with pytest.raises(InputError, match="many.nc' holds 31 variables along a dimension that can grow .time.*ncks"):
        inspect(path)
