"""Transformations that are kept are those that pyproj makes, for every thread."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from model_core.transformers import transformer

SYSTEMS = ("EPSG:4326", "EPSG:3857", "EPSG:28992", "+proj=lcc +lat_1=25 +lat_2=40 +lat_0=34 +lon_0=110 +R=6370000", "EPSG:4979", 4490)


@given(st.sampled_from(SYSTEMS), st.sampled_from(SYSTEMS))
def test_it_is_that_of_pyproj(source, target):
    x, y = Transformer.from_crs("EPSG:4326", source, always_xy=True).transform([4.5, 5.5], [52.0, 53.0])
    expected = Transformer.from_crs(source, target, always_xy=True).transform(x, y)
    np.testing.assert_array_equal(transformer(source, CRS.from_user_input(target)).transform(x, y), expected)


def test_threads_may_share_it():
    lon, lat = np.random.default_rng(1).uniform(-60, 60, (2, 5000))
    known = transformer("EPSG:4326", "EPSG:3857").transform(lon, lat)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: transformer("EPSG:4326", "EPSG:3857").transform(lon, lat), range(20)):
            np.testing.assert_array_equal(found, known)


def test_what_is_no_crs_is_refused():
    with pytest.raises(ProjError):
        transformer("EPSG:4326", "nowhere")
