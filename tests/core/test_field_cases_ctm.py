"""CTM files as people really have them (../shared/data/field_cases): the right place, day and value, or what to do."""

from datetime import date

import numpy as np
import pytest
import xarray
from pyproj import CRS, Transformer

from model_core.ctm.fields import read_ctm
from model_core.errors import InputError
from model_core.grid import Grid, parse_grid
from model_core.jobs import JOBS
from model_core.progress import Progress


@pytest.fixture(scope="session")
def case(shared_data):
    """The only file of a case, or the named one."""

    def find(number: str, name: str = "*"):
        return next(path for path in sorted((shared_data / "field_cases").glob(f"{number}_*/{name}")) if path.name != "README.md")

    return find


def inspected(path):
    return JOBS["inspect"]({"file": str(path)}, Progress())


def read(path, *keys):
    """The daily fields, and what was warned of."""
    progress = Progress()
    return read_ctm(path, list(keys) or None, progress), progress.warnings


def lonlat(grid: Grid):
    """Of the cells, on the datum of the grid itself."""
    x, y = np.meshgrid(grid.x, grid.y)
    plain = grid.crs.source_crs if grid.crs.is_derived else grid.crs.geodetic_crs
    lon, lat = Transformer.from_crs(grid.crs, plain, always_xy=True).transform(x, y)
    return (np.asarray(lon) + 180) % 360 - 180, np.asarray(lat)


def assert_in_place(path, weights=(1.0, 2.0), tolerance=2e-3):
    """The day's mean in these files is a sum of longitude and latitude, so that every cell tells where it is."""
    fields, _ = read(path, "pm25")
    lon, lat = lonlat(fields.grid)
    assert np.abs(fields.fields["pm25"][0] - weights[0] * lon - weights[1] * lat).max() < tolerance
    return fields


def test_30_the_surface_of_geos_chem_is_where_sigma_is_highest(case):
    fields, _ = read(case("30"))
    assert fields.times == [date(2019, 7, 1)] and 60 <= fields.fields["pm25"].min() and fields.fields["pm25"].max() <= 62
    assert any("level 1 of 10 in 'lev' (0.9925" in note and "highest sigma" in note for note in inspected(case("30"))["notes"])


def test_31_cams_europe_wraps_at_zero_and_says_its_start_in_words(case):
    fields = assert_in_place(case("31"), (0.5, 0.2))
    assert fields.times == [date(2021, 12, 22)] and fields.grid.bounds == pytest.approx((-20, 50, 5, 56), abs=1e-4)
    about = inspected(case("31"))
    assert about["times"] == {"first": "2021-12-22T00:00:00", "last": "2021-12-22T23:00:00", "count": 24, "step": "1 h"}
    assert any("count from 2021-12-22 00:00:00, which its long_name says" in note for note in about["notes"])


@pytest.mark.parametrize("name", ["with_grid_mapping.nc", "no_reference.nc", "no_reference_no_lonlat.nc"])
def test_33_rotated_degrees_are_never_longitude_and_latitude(case, name):
    fields = assert_in_place(case("33", name))
    assert fields.grid.crs.is_derived and fields.grid.shape == (50, 60)
    assert any("'rotated_pole', is taken" in note for note in inspected(case("33", name))["notes"]) == (name != "with_grid_mapping.nc")


@pytest.mark.parametrize("name, names", [("rotated_cordex.nc", ("lon", "lat")), ("rotated_grid.nc", ("longitude_t", "latitude_t"))])
def test_33_real_rotated_files_lie_where_their_own_longitudes_and_latitudes_are(case, name, names):
    grid = parse_grid(str(case("33", name)))
    with xarray.open_dataset(case("33", name), decode_times=False) as file:
        lon, lat = (file[n].to_numpy()[::-1] for n in names)
    row, column = grid.locate(lon, lat, "EPSG:4326")
    assert np.abs(row - np.indices(row.shape)[0] - 0.5).max() < 0.01 and np.abs(column - np.indices(row.shape)[1] - 0.5).max() < 0.01


def test_33_without_any_pole_the_files_longitudes_give_it_or_it_is_refused(case, tmp_path):
    with xarray.open_dataset(case("33", "no_reference.nc"), decode_times=False, decode_coords=False) as file:
        file.drop_vars("rotated_pole").to_netcdf(tmp_path / "lonlat.nc")
        file.drop_vars(["rotated_pole", "lon", "lat"]).to_netcdf(tmp_path / "bare.nc")
    fields = assert_in_place(tmp_path / "lonlat.nc")
    assert fields.grid.matches(parse_grid(str(case("33", "with_grid_mapping.nc"))))
    with pytest.raises(InputError, match="axes rlon and rlat in rotated degrees, but no grid_mapping .*ncatted -a grid_mapping"):
        read(tmp_path / "bare.nc")


@pytest.mark.parametrize("name, shape", [("EMEP_ps_day.nc", (50, 60)), ("EMEP_lonlat_day.nc", (30, 40))])
def test_34_emep_is_known_by_its_names_and_placed_by_its_longitudes(case, name, shape):
    fields, _ = read(case("34", name))
    lon, lat = lonlat(fields.grid)
    assert fields.times == [date(2015, 1, 16), date(2015, 1, 17)] and fields.grid.shape == shape
    assert np.abs(np.ptp(fields.fields["pm25"] - lon - 2 * lat, axis=(1, 2))).max() < 2e-3


def test_35_a_mercator_grid_needs_no_stand_lon(case):
    grid = parse_grid(str(case("35")))
    with xarray.open_dataset(case("35")) as file:
        row, column = grid.locate(file["XLONG"].to_numpy()[0, ::-1], file["XLAT"].to_numpy()[0, ::-1], "EPSG:4326")
    assert grid.cell_size == (9000, 9000) and np.abs(row - np.indices(row.shape)[0] - 0.5).max() < 0.01
    assert np.abs(column - np.indices(row.shape)[1] - 0.5).max() < 0.01
    assert any("STAND_LON is not set" in note for note in inspected(case("35"))["notes"])


def test_36_dates_as_numbers_are_dates(case):
    fields, _ = read(case("36"))
    assert fields.times == [date(2018, 1, 1), date(2018, 1, 2), date(2018, 1, 3)]
    with xarray.open_dataset(case("36"), decode_times=False) as file:
        assert np.array_equal(fields.fields["pm25"], file["PM25"].to_numpy()[:, ::-1])


@pytest.mark.parametrize("name", ["365_day.nc", "noleap.nc"])
def test_37_calendars_without_leap_days_keep_their_dates(case, name):
    assert read(case("37", name))[0].times == [date(2019, 2, 28), date(2019, 3, 1), date(2019, 3, 2), date(2019, 3, 3)]


def test_37_a_day_that_does_not_exist_names_the_calendar(case):
    with pytest.raises(InputError, match="in the calendar 360_day, whose 2019-02-29 is a day that does not exist; .* cdo setcalendar"):
        read(case("37", "360_day.nc"))


def test_38_a_grid_mapping_in_kilometres_is_read_in_metres(case):
    fields = assert_in_place(case("38"), tolerance=5e-3)
    assert fields.times == [date(2008, 12, 1)] and fields.grid.cell_size == pytest.approx((24000, 24000), rel=1e-5)
    assert fields.grid.crs.ellipsoid.semi_major_metre == 6370000
    assert any("'Lambert_Conformal' is in kilometres" in note for note in inspected(case("38"))["notes"])


def test_40_minus_999_is_missing_also_without_an_attribute(case):
    fields, warnings = read(case("40"))
    with xarray.open_dataset(case("40"), decode_times=False) as file:
        missing = (file["PM25"].to_numpy() == -999).sum(0)
    values = fields.fields["pm25"][0]  # rows from the north, as in the file
    assert np.array_equal(np.isnan(values), missing > 5) and (values[missing <= 5] == 30).all()
    told = f"variable 'PM25': {missing.sum()} values of -999 are taken as missing; they can't be real, though no _FillValue says so"
    assert warnings == [told]


@pytest.mark.parametrize(
    "name, humidity",
    [
        *((f"met_{unit}.nc", 53.8) for unit in ("degC", "deg_C", "deg._C", "degrees_C", "degrees_Celsius", "Degrees_Celsius")),
        ("met_mixing_ratio_deg_C.nc", 54.1),
    ],
)
def test_42_degrees_celsius_are_understood_as_people_write_them(case, name, humidity):
    fields, warnings = read(case("42", name))
    assert fields.fields["temperature"].mean() == pytest.approx(298.15) and fields.fields["rh"].mean() == pytest.approx(humidity, abs=0.06)
    assert warnings == []


def test_51_a_grid_that_is_too_fine_is_refused_with_its_size(shared_data, tmp_path):
    stations = shared_data / "field_cases/50_degenerate/colocated.csv"
    with pytest.raises(
        InputError, match="1500000 rows x 1500000 columns, more than 200000000 cells; the cell size is .* metre: is it right"
    ):
        JOBS["grid-stations"](
            {
                "grid": "12000000,3500000,13500000,5000000,1@EPSG:3857",
                "stations": str(stations),
                "value": "pm25",
                "out": str(tmp_path / "f.tif"),
            },
            Progress(),
        )


def test_54_a_wrfout_without_longitudes_is_placed_by_its_centre(case):
    grid = parse_grid(str(case("54")))
    lon, lat = lonlat(grid)
    assert (lon[-1, 0], lat[-1, 0]) == pytest.approx((-113.5654, 31.9112), abs=1e-3)
    assert (lon[0, -1], lat[0, -1]) == pytest.approx((-101.6846, 46.0660), abs=1e-3)
    assert any("no XLAT and XLONG; its grid is placed by the centre" in note for note in inspected(case("54"))["notes"])


def test_60_a_rotated_grid_wins_over_axes_that_call_themselves_longitude(case):
    fields, _ = read(case("60"))
    with xarray.open_dataset(case("60"), decode_times=False) as file:
        rotated = CRS.from_cf(file["rotated_pole"].attrs)
        corner = Transformer.from_crs(rotated, rotated.source_crs, always_xy=True).transform(float(file["lon"][0]), float(file["lat"][-1]))
        assert np.allclose(fields.fields["pm25"][0], file["PM25"].mean("time").to_numpy()[::-1], rtol=1e-5)
    lon, lat = lonlat(fields.grid)
    assert fields.times == [date(2008, 1, 1)] and (lon[0, 0], lat[0, 0]) == pytest.approx(corner, abs=1e-6)


def test_67_monthly_means_are_not_days(case):
    with pytest.raises(InputError, match="time step of 744 h; daily or hourly is needed, and monthly means are not days"):
        read(case("67"))
    about = inspected(case("67"))
    assert about["times"]["step"] == "744 h" and "monthly means are not days" in about["notes"][-1]
