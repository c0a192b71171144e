"""The demonstration CTM: its laws, its looks, and its files."""

from __future__ import annotations

import importlib.util
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import xarray
from hypothesis import given, settings
from hypothesis import strategies as st

from model_core.ctm.fields import read_ctm
from model_core.errors import Cancelled, InputError, OutputError
from model_core.grid import Grid, parse_grid
from model_core.progress import Progress
from model_core.simulation import Terrain, simulate_days, write_simulation
from model_core.simulation.chemistry import Reactions, humidity_growth, surface_pm25
from model_core.simulation.climate import Landscape, Season
from model_core.simulation.emission import RED_ALERT_PM25, Emission
from model_core.simulation.geometry import Geometry
from model_core.simulation.synoptic import DriftingField
from model_core.simulation.transport import Advection, diffuse
from model_core.simulation.variety import Variety
from model_core.simulation.weather import State, Weather

LAMBERT = "+proj=lcc +lat_1=25 +lat_2=40 +lat_0=34 +lon_0=110 +R=6370000 +units=m +no_defs"
WINTER = date(2018, 1, 20)
GRIDS = {
    "lambert 36 km": f"-600000,-500000,600000,500000,36000@{LAMBERT}",
    "lon-lat": "100,20,112,29,0.5@EPSG:4326",
    "1 km, 20 x 30": "500000,4000000,530000,4020000,1000@EPSG:32650",
    "southern": "130,-40,150,-25,1@EPSG:4326",
    "one cell": "110,30,110.5,30.5,0.5@EPSG:4326",
    "one row": "100,30,112,30.5,0.5@EPSG:4326",
}


def grid(name: str = "lambert 36 km") -> Grid:
    return parse_grid(GRIDS[name])


def flat(on: Grid, urban: float = 0.0) -> Terrain:
    shape = on.shape
    return Terrain.from_arrays(np.full(shape, 50.0), np.full(shape, urban), np.ones(shape, bool))


def mean_pm25(on: Grid, terrain: Terrain, days: int = 2, seed: int = 3) -> np.ndarray:
    return np.mean([day.pm25 for day in simulate_days(on, WINTER, days, seed, terrain)], axis=0)


# --- days


@pytest.mark.parametrize("name", GRIDS)
def test_any_grid_gets_finite_fields_in_their_limits(name):
    for day in simulate_days(grid(name), WINTER, 2, seed=5):
        for field in (day.pm25, day.rh, day.wind):
            assert field.shape == grid(name).shape and field.dtype == np.float32
            assert np.isfinite(field).all() and field.min() >= 0
        assert day.pm25.min() > 0
        assert day.rh.max() <= 100


def test_same_seed_same_bytes():
    first, second = ([d.pm25.tobytes() + d.rh.tobytes() + d.wind.tobytes() for d in simulate_days(grid(), WINTER, 2, 7)] for _ in range(2))
    assert first == second


def test_seeds_and_starts_give_other_days():
    terrain = Terrain.synthetic(grid(), 1)
    fields = [
        next(simulate_days(grid(), start, 1, seed, terrain)).pm25 for start, seed in ((WINTER, 1), (WINTER, 2), (date(2018, 2, 20), 1))
    ]
    for one, other in ((0, 1), (0, 2)):
        assert np.abs(np.log(fields[one] / fields[other])).mean() > 0.05


def test_a_shorter_run_is_the_beginning_of_a_longer_one():
    short, long = (list(simulate_days(grid(), WINTER, days, 4)) for days in (1, 3))
    assert long[0].pm25.tobytes() == short[0].pm25.tobytes()
    assert [day.date for day in long] == [date(2018, 1, 20), date(2018, 1, 21), date(2018, 1, 22)]


def test_a_day_follows_from_the_day_before():
    days = [np.log(day.pm25) for day in simulate_days(grid(), WINTER, 8, 6)]
    anomaly = days - np.mean(days, axis=0)
    near = np.mean([(a * b).mean() for a, b in zip(anomaly, anomaly[1:])])
    far = np.mean([(a * b).mean() for a, b in zip(anomaly, anomaly[4:])])
    assert near > far


def test_towns_make_dirty_air():
    assert mean_pm25(grid(), flat(grid(), 0.10)).mean() > 1.5 * mean_pm25(grid(), flat(grid(), 0.01)).mean()


def test_downwind_of_a_town_is_dirtier_than_upwind():
    on = grid()
    rows, columns = on.shape
    urban = np.zeros(on.shape)
    urban[rows // 2 - 1 : rows // 2 + 2, columns // 2 - 1 : columns // 2 + 2] = 0.8
    geometry = Geometry.of(on)
    mass = np.zeros(on.shape)
    wind = Advection(geometry, np.full(on.shape, 5.0), np.zeros(on.shape), 3600)
    for _ in range(24):
        mass = wind.step(mass + urban)
    west, east = mass[rows // 2, columns // 2 - 6], mass[rows // 2, columns // 2 + 6]
    assert east > 100 * max(west, 1e-12)
    assert mass[0].max() < 1e-9  # nothing moves across the wind


def test_basins_fill_and_plateaus_stay_clean():
    on = parse_grid(f"-900000,-600000,900000,600000,36000@{LAMBERT}")
    rows, columns = on.shape
    y, x = np.mgrid[:rows, :columns]
    ring = np.hypot(y - rows / 2, x - columns / 4)
    elevation = np.where(x > columns / 2, 4000.0, np.where(np.abs(ring - 7) < 2, 2000.0, 300.0))
    terrain = Terrain.from_arrays(elevation, np.full(on.shape, 0.02))
    pm25 = mean_pm25(on, terrain, days=3)
    basin, plateau = pm25[ring < 3].mean(), pm25[(x > 0.65 * columns) & (x < 0.9 * columns)].mean()
    assert basin > 3 * plateau


@pytest.mark.parametrize("radius", [70, 160, 330])
def test_basins_of_any_size_are_sheltered(radius):
    """A valley, the Sichuan and the Tarim basin; the plateau beside them is not."""
    on = parse_grid(f"-1200000,-900000,1200000,900000,12000@{LAMBERT}")
    geometry = Geometry.of(on)
    distance = np.hypot(geometry.x_km[None, :], geometry.y_km[:, None])
    terrain = Terrain.from_arrays(np.where(distance < radius, 500.0, 2500.0), np.zeros(on.shape))
    exposure = Landscape.of(terrain, geometry).exposure
    assert exposure[distance < radius / 3].mean() < 0.75 * exposure[distance > radius + 300].mean()


def test_wind_sweeps_haze_away():
    on = grid()
    days = list(simulate_days(on, WINTER, 12, 3, flat(on, 0.03)))
    haze, wind = (np.log([getattr(day, name) for day in days]) for name in ("pm25", "wind"))
    assert np.corrcoef((haze - haze.mean(0)).ravel(), (wind - wind.mean(0)).ravel())[0, 1] < -0.2


def test_farmland_is_lived_on_and_unknown_farmland_is_guessed():
    on = grid()
    west = np.arange(on.shape[1])[None, :] < on.shape[1] / 2
    tilled = np.where(west, 0.9, 0.0) * np.ones(on.shape)
    base = flat(on)
    pm25 = mean_pm25(on, Terrain.from_arrays(base.elevation, base.urban, base.land, tilled=tilled))
    assert pm25[:, :10].mean() > 1.5 * pm25[:, -10:].mean()
    unknown = Terrain.from_arrays(base.elevation, base.urban, base.land, tilled=np.full(on.shape, np.nan))
    np.testing.assert_array_equal(mean_pm25(on, unknown, 1), mean_pm25(on, base, 1))


def test_where_people_live_as_much_is_emitted_in_other_places():
    on = grid()
    east = np.broadcast_to(np.arange(on.shape[1])[None, :] >= on.shape[1] / 2, on.shape)
    base = flat(on, 0.03)
    crowded = Terrain.from_arrays(base.elevation, base.urban, base.land, people=np.where(east, 900.0, 0))
    even = Terrain.from_arrays(base.elevation, base.urban, base.land, people=np.full(on.shape, 50.0))
    nobody = Terrain.from_arrays(base.elevation, base.urban, base.land, people=np.zeros(on.shape))
    plain, with_people = mean_pm25(on, base), mean_pm25(on, crowded)
    assert with_people[:, -10:].mean() > 1.1 * plain[:, -10:].mean() and with_people[:, :10].mean() < 0.9 * plain[:, :10].mean()
    # Towns are even here: as many people everywhere emit what the towns did, but for the rounding. Without people towns emit as they do.
    np.testing.assert_allclose(mean_pm25(on, even, 1), mean_pm25(on, base, 1), rtol=0.02)
    np.testing.assert_array_equal(mean_pm25(on, nobody, 1), mean_pm25(on, base, 1))


def test_sea_is_cleaner_and_windier_than_settled_land():
    on = grid()
    land = np.arange(on.shape[1])[None, :] < on.shape[1] / 2
    land = np.broadcast_to(land, on.shape)
    terrain = Terrain.from_arrays(np.where(land, 50.0, 0), np.where(land, 0.03, 0), land)
    days = list(simulate_days(on, WINTER, 3, 8, terrain))
    pm25, wind = (np.mean([getattr(day, name) for day in days], axis=0) for name in ("pm25", "wind"))
    assert pm25[land].mean() > pm25[~land].mean()
    assert wind[~land].mean() > wind[land].mean()


def test_winter_is_dirtier_than_summer_over_northern_land():
    on, terrain = grid(), flat(grid(), 0.02)
    summer = np.mean([day.pm25.mean() for day in simulate_days(on, date(2018, 7, 20), 4, 3, terrain)])
    winter = np.mean([day.pm25.mean() for day in simulate_days(on, WINTER, 4, 3, terrain)])
    assert winter > 1.3 * summer


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"days": 0}, "1 or more"),
        ({"seed": -1}, "0 or more"),
        ({"terrain": Terrain.from_arrays(np.ones((3, 4)), np.zeros((3, 4)))}, "warp the terrain"),
    ],
)
def test_what_cannot_be_simulated_is_said_at_once(arguments, message):
    with pytest.raises(InputError, match=message):
        simulate_days(grid(), WINTER, **{"days": 1, "seed": 0, **arguments})


# --- terrain


def test_synthetic_terrain_has_land_relief_and_towns():
    terrain = Terrain.synthetic(parse_grid(f"-1500000,-1500000,1500000,1500000,30000@{LAMBERT}"), 2)
    assert 0.5 < terrain.land.mean() < 0.95
    assert terrain.elevation.max() > 500 and (terrain.elevation[~terrain.land] == 0).all()
    assert 0.0005 < terrain.urban.mean() < 0.1 and terrain.urban.max() > 0.3


def test_synthetic_landscapes_do_not_depend_on_the_cell_size():
    coarse, fine = (Terrain.synthetic(parse_grid(f"-960000,-960000,960000,960000,{cell}@{LAMBERT}"), 3) for cell in (32000, 16000))
    halved = fine.elevation.reshape(60, 2, 60, 2).mean(axis=(1, 3))
    assert np.corrcoef(halved.ravel(), coarse.elevation.ravel())[0, 1] > 0.7


@pytest.mark.parametrize(
    "elevation, urban, message",
    [
        (np.ones((2, 2)), np.ones((2, 3)), "shape"),
        (np.ones((2, 2)), np.full((2, 2), 40.0), "percent"),
        (np.full((2, 2), np.nan), np.ones((2, 2)), "every cell"),
    ],
)
def test_bad_terrain_is_refused(elevation, urban, message):
    with pytest.raises(InputError, match=message):
        Terrain.from_arrays(elevation, urban)


@pytest.mark.parametrize("tilled", [np.full((2, 2), 1.5), np.ones((2, 3))])
def test_bad_farmland_is_refused(tilled):
    with pytest.raises(InputError, match="farmland"):
        Terrain.from_arrays(np.ones((2, 2)), np.ones((2, 2)), tilled=tilled)


@pytest.mark.parametrize("people", [np.full((2, 2), -1.0), np.full((2, 2), np.nan), np.ones((2, 3))])
def test_bad_numbers_of_people_are_refused(people):
    with pytest.raises(InputError, match="inhabitants"):
        Terrain.from_arrays(np.ones((2, 2)), np.ones((2, 2)), people=people)


@pytest.fixture(scope="module")
def china_terrain(shared_data):
    """The function of the recipe, for the folder of real data."""
    recipes = Path(__file__).resolve().parents[2] / "resources" / "recipes"
    spec = importlib.util.spec_from_file_location("china_terrain", recipes / "china_terrain.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda on: module.china_terrain(on, shared_data)


def test_over_china_plains_and_basins_are_polluted_and_summer_is_cleaner_and_more_even(china_terrain):
    on = parse_grid(f"-2700000,-1700000,1700000,2300000,50000@{LAMBERT}")
    terrain = china_terrain(on)

    def mean_of(month: int) -> tuple[np.ndarray, float]:
        days = [day.pm25 for seed in range(3) for day in simulate_days(on, date(2018, month, 10), 2, seed, terrain)]
        return np.mean(days, axis=0), np.mean([np.log(day[terrain.land]).std() for day in days])

    def at(field: np.ndarray, lon: float, lat: float) -> float:
        row, column = on.locate(np.array([lon]), np.array([lat]), "EPSG:4326")
        return float(field[int(row[0]), int(column[0])])

    (winter, winter_spread), (summer, summer_spread) = mean_of(1), mean_of(7)
    north_china, sichuan, tibet = (at(winter, *place) for place in ((115, 36), (105.5, 30.5), (88, 33)))
    assert min(north_china, sichuan) > 5 * tibet
    assert at(winter, 115, 36) > at(winter, 111.5, 38.5)  # the plain, and the plateau behind Mount Taihang
    assert north_china > 1.5 * at(summer, 115, 36)
    assert winter_spread > 1.15 * summer_spread


def test_the_recipe_of_chinas_terrain_knows_its_geography(china_terrain):
    on = parse_grid("73,18,135,54,0.5@EPSG:4326")
    terrain = china_terrain(on)

    def at(lon: float, lat: float) -> tuple[int, int]:
        row, column = on.locate(np.array([lon]), np.array([lat]), "EPSG:4326")
        return int(row[0]), int(column[0])

    assert terrain.elevation[at(88, 33)] > 4000 and terrain.elevation[at(116, 36)] < 200
    assert terrain.elevation[at(105.5, 30.5)] < 700 < terrain.elevation[at(101, 31)]  # Sichuan and its rim
    assert terrain.land[at(116.4, 39.9)] and not terrain.land[at(123, 35)] and not terrain.land[at(116, 19)]
    assert terrain.urban[at(116.4, 39.9)] > 0.1 > terrain.urban[at(88, 33)]
    assert terrain.tilled[at(115, 35)] > 0.5 > terrain.tilled[at(95, 33)]  # the North China Plain and Tibet
    assert np.isnan(terrain.tilled[at(76, 39)])  # beyond MCIP's grid
    assert terrain.people[at(121.4, 31.2)] > 3000 > 200 > terrain.people[at(88, 33)]  # Shanghai and Tibet, per km2


# --- transport, weather, chemistry


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000), rows=st.integers(1, 25), columns=st.integers(1, 31), speed=st.floats(0, 40), seconds=st.floats(60, 10_800)
)
def test_transport_keeps_the_mass_and_its_sign(seed, rows, columns, speed, seconds):
    """In a closed box: whatever the wind inside and however long the step."""
    rng = np.random.default_rng(seed)
    reach = int(np.ceil(speed * seconds / 12000)) + 1
    mass, east, north = (np.pad(rng.standard_normal((rows, columns)), reach) for _ in range(3))
    mass = np.abs(mass) * 100
    geometry = Geometry.of(Grid.from_lower_left(grid().crs, 0, 0, (12000, 12000), mass.shape))
    limit = max(np.hypot(east, north).max(), 1e-9)
    moved = Advection(geometry, east / limit * speed, north / limit * speed, seconds).step(mass)
    spread = diffuse(geometry, moved, 8000.0, seconds)
    assert moved.min() >= 0 and spread.min() >= 0
    assert moved.sum() == pytest.approx(mass.sum(), rel=1e-9)
    assert spread.sum() == pytest.approx(moved.sum(), rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(east=st.floats(-30, 30), north=st.floats(-30, 30), value=st.floats(1e-3, 1e5))
def test_an_even_wind_leaves_even_air_even(east, north, value):
    geometry = Geometry.of(grid())
    shape = geometry.shape
    moved = Advection(geometry, np.full(shape, east), np.full(shape, north), 3600).step(np.full(shape, value))
    np.testing.assert_allclose(moved, value, rtol=1e-9)


def test_a_puff_travels_with_the_wind():
    geometry = Geometry.of(parse_grid(f"0,0,480000,480000,12000@{LAMBERT}"))
    mass = np.zeros(geometry.shape)
    mass[30, 10] = 1
    wind = Advection(geometry, np.full(mass.shape, 10.0), np.full(mass.shape, 5.0), 3600)
    for _ in range(5):
        mass = wind.step(mass)
    row, column = (np.indices(mass.shape) * mass).sum(axis=(1, 2))
    assert column == pytest.approx(10 + 10 * 18000 / 12000, abs=0.01)
    assert row == pytest.approx(30 - 5 * 18000 / 12000, abs=0.01)


def test_clean_air_enters_where_it_is_clean_outside():
    geometry = Geometry.of(grid())
    mass = np.full(geometry.shape, 10.0)
    wind = Advection(geometry, np.full(mass.shape, 10.0), np.zeros(mass.shape), 3600)
    moved = wind.step(mass, outside=np.zeros(mass.shape))
    assert moved[:, 0].max() == pytest.approx(0, abs=1e-9) and moved[:, -1].min() == pytest.approx(10)


def test_random_fields_have_unit_variance_and_drift():
    geometry = Geometry.of(parse_grid(f"-3000000,-3000000,3000000,3000000,50000@{LAMBERT}"))
    rng = np.random.default_rng(0)
    options = {"peak_km": 1500, "shortest_km": 200, "decay": 4.0, "memory_hours": 1e9}
    values = [DriftingField(rng, geometry, **options).value() for _ in range(30)]
    assert np.std(values) == pytest.approx(1, rel=0.1) and abs(np.mean(values)) < 0.1
    field = DriftingField(rng, geometry, **{**options, "shortest_km": 1000})
    before, slope = field.value(), field.gradient()[0] * field.gradient_rms
    np.testing.assert_allclose(slope[:, 1:-1], (before[:, 2:] - before[:, :-2]) / 100, atol=0.05 * slope.std())
    field.advance(5, 20.0, 0.0)  # 100 km, two cells
    np.testing.assert_allclose(field.value()[:, 2:], before[:, :-2], atol=1e-3)


def test_moist_air_swells_particles_but_not_without_limit():
    growth = humidity_growth(np.arange(0, 101))
    assert growth[0] == 1 and (np.diff(growth) >= 0).all() and 1.2 < growth[-1] < 3


def air(on: Grid, **changed: float) -> State:
    """The same weather everywhere."""
    values = {"east": 2, "north": 0, "wind": 2, "rh": 60, "mixing_depth": 500, "rain": 0, **changed}
    return State(**{name: np.full(on.shape, value, np.float32) for name, value in values.items()}, free_air=1.0)


def after_a_day(on: Grid, haze: float = 0.0, variety: Variety = Variety(), **changed: float) -> float:
    """Particles (ug m-2) that a day leaves of clean air over even sources."""
    geometry = Geometry.of(on)
    land = Landscape.of(flat(on), geometry)
    source = np.full(on.shape, 0.1, np.float32)
    season = Season.of(WINTER, geometry, land)
    reactions = Reactions((source, source), air(on, **changed), season, land, 86400.0, haze, variety)
    return float(reactions.step(np.zeros(on.shape, np.float32), np.zeros(on.shape, np.float32))[0].mean())


def test_humidity_forms_rain_removes_and_haze_dims():
    on = grid("one cell")
    assert after_a_day(on, rh=95) > 1.1 * after_a_day(on, rh=30)
    assert after_a_day(on, rain=1.0) < 0.5 * after_a_day(on)
    assert after_a_day(on, haze=400.0) < after_a_day(on)
    assert after_a_day(on, variety=Variety(deposition=2.0)) < after_a_day(on)


def test_fresh_emission_stays_near_the_ground_the_more_so_in_a_shallow_layer():
    on = grid("one cell")
    burden = np.full(on.shape, 1000, np.float32)
    excess = [
        surface_pm25(burden, air(on, mixing_depth=depth), 0.5, 30.0) - surface_pm25(burden, air(on, mixing_depth=depth))
        for depth in (200, 1000)
    ]
    assert excess[0] > excess[1] > 0


def test_a_red_alert_halves_what_people_emit():
    on = grid()
    geometry = Geometry.of(on)
    land = Landscape.of(flat(on, 0.5), geometry)
    emission = Emission(geometry, land, np.random.default_rng(1), np.random.default_rng(2), Variety(remote=1e-9, works=1e-9))
    emission.start_day(date(2018, 1, 15))
    calm = {"wind": np.zeros(on.shape, np.float32), "rh": np.full(on.shape, 70, np.float32)}
    clean, alert = (emission.rates(date(2018, 1, 15), **calm, haze=haze)[1] for haze in (0.0, RED_ALERT_PM25))
    assert np.median(alert / clean) == pytest.approx(0.5, rel=1e-4)  # a fire burns on


def test_stagnation_stills_the_wind_and_lowers_the_lid_where_it_is():
    geometry = Geometry.of(parse_grid(f"-1500000,-1500000,1500000,1500000,60000@{LAMBERT}"))
    terrain = Terrain.from_arrays(np.full(geometry.shape, 50.0), np.zeros(geometry.shape))
    land = Landscape.of(terrain, geometry)
    season = Season.of(WINTER, geometry, land)
    mild, severe = (Weather(geometry, land, np.random.default_rng(5), Variety(stagnation=factor)).state(season) for factor in (1e-6, 2.0))
    stagnant = severe.wind < 0.97 * mild.wind
    assert 0.02 < stagnant.mean() < 0.6
    assert (severe.mixing_depth[stagnant] <= mild.mixing_depth[stagnant]).all()
    assert severe.mixing_depth[stagnant].mean() < 0.8 * mild.mixing_depth[stagnant].mean()


def test_worlds_differ_but_none_is_absurd():
    worlds = [vars(Variety.draw(np.random.default_rng([seed, 4]))) for seed in range(300)]
    heads = [world.pop("heads") for world in worlds]
    assert 0 <= min(heads) < 0.05 and 0.95 < max(heads) <= 1
    for name in worlds[0]:
        values = [world[name] for world in worlds]
        assert 0.8 < np.median(values) < 1.25 and np.std(np.log(values)) > 0.1
        assert 0.2 < min(values) and max(values) < 5
    assert {value for name, value in vars(Variety()).items() if name != "heads"} == {1.0}


# --- files


def test_the_file_reads_back_with_the_shared_reader(tmp_path):
    for name in ("lambert 36 km", "lon-lat"):
        path = tmp_path / "days.nc"
        summary = write_simulation(path, grid(name), WINTER, 2, 9)
        ctm = read_ctm(path)
        assert summary["out"] == str(path) and summary["days"] == 2 and summary["seconds"] > 0
        assert ctm.grid.matches(grid(name))
        assert ctm.times == [date(2018, 1, 20), date(2018, 1, 21)]
        for number, day in enumerate(simulate_days(grid(name), WINTER, 2, 9)):
            np.testing.assert_array_equal(ctm.fields["pm25"][number], day.pm25)
            np.testing.assert_array_equal(ctm.fields["rh"][number], day.rh)
            np.testing.assert_array_equal(ctm.fields["wind"][number], day.wind)
        np.testing.assert_array_equal(ctm.static["elevation"], Terrain.synthetic(grid(name), 9).elevation)
        assert {"urban", "land"} <= set(ctm.static)


def test_the_file_says_that_it_is_simulated_and_where_it_lies(tmp_path):
    write_simulation(tmp_path / "days.nc", grid(), WINTER, 1, 9)
    with xarray.open_dataset(tmp_path / "days.nc") as data:
        assert "SIMULATED" in data.attrs["title"] and "SIMULATED" in data.attrs["source"]
        assert data.attrs["seed"] == 9 and "seed 9" in data.attrs["history"]
        assert (data.attrs["GDTYP"], data.attrs["P_ALP"], data.attrs["P_BET"], data.attrs["P_GAM"]) == (2, 25, 40, 110)
        assert (data.attrs["XORIG"], data.attrs["YORIG"]) == grid().lower_left
        assert data["y"].values[0] < data["y"].values[-1]
        assert data["crs"].attrs["earth_radius"] == 6_370_000
        assert data["PM25_TOT"].attrs["units"] == "ug m-3"


def test_a_lambert_of_another_figure_carries_no_ioapi_header(tmp_path):
    figure = "+proj=lcc +lat_1=25 +lat_2=40 +lon_0=110 +ellps=GRS80 +units=m"
    other = parse_grid(f"-300000,-300000,300000,300000,36000@{figure}")
    write_simulation(tmp_path / "days.nc", other, WINTER, 1, 1)
    with xarray.open_dataset(tmp_path / "days.nc") as data:
        assert "GDTYP" not in data.attrs
    assert read_ctm(tmp_path / "days.nc").grid.matches(other)


class _StopAfter(Progress):
    def __init__(self, steps: int):
        super().__init__(lambda: self.seen >= steps)
        self.seen = 0

    def on_step(self, fraction, message):
        self.seen += 1


def test_cancelling_leaves_no_file(tmp_path):
    with pytest.raises(Cancelled):
        write_simulation(tmp_path / "days.nc", grid(), WINTER, 4, 1, progress=_StopAfter(6))
    assert list(tmp_path.iterdir()) == []


def test_progress_runs_from_start_to_end():
    seen = []
    progress = Progress()
    progress.on_step = lambda fraction, message: seen.append(fraction)
    list(simulate_days(grid("lon-lat"), WINTER, 2, 1, progress=progress))
    assert seen == sorted(seen) and seen[0] == 0 and seen[-1] == 1


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(OutputError, match="nowhere"):
        write_simulation(tmp_path / "nowhere" / "days.nc", grid(), WINTER, 1, 1)
