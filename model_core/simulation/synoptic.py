"""Random fields that drift and forget, the raw material of the weather."""

from __future__ import annotations

import numpy as np

from model_core.simulation.geometry import Geometry

# OpenBLAS takes several threads above 2^18 multiplications.
SINGLE_THREAD_PRODUCTS = 200_000


class DriftingField:
    """A Gaussian random field of unit variance that drifts with a flow and slowly becomes another.

    It is a sum of plane waves whose amplitudes are Ornstein-Uhlenbeck processes; long waves live longer
    (lifetime ~ wavelength^2/3, the eddy turnover time of a k^-5/3 spectrum). The box of the waves is larger
    than the grid, so that opposite edges don't see the same weather. Values and derivatives are evaluated
    exactly at the cell centres by two matrix products.
    """

    def __init__(
        self, rng: np.random.Generator, geometry: Geometry, *, peak_km: float, shortest_km: float, decay: float, memory_hours: float
    ):
        """
        Parameters
        ----------
        peak_km, shortest_km
            Wavelength with most variance per wave, and the shortest one kept.
        decay
            Exponent with which the variance per wave falls for waves shorter than the peak.
        memory_hours
            Lifetime of a wave of `peak_km`.
        """
        self._rng = rng
        box_y, box_x = (max(length + 1.2 * peak_km, 2 * peak_km) for length in geometry.extent_km)
        count_y, count_x = int(np.ceil(box_y / shortest_km)), int(np.ceil(box_x / shortest_km))
        # Real fields: waves and their mirror images are the same, so kx >= 0 suffices.
        self._kx = 2 * np.pi / box_x * np.arange(0, count_x + 1)[None, :]
        self._ky = 2 * np.pi / box_y * np.arange(-count_y, count_y + 1)[:, None]
        wavenumber = np.hypot(self._kx, self._ky)
        ratio = wavenumber * peak_km / (2 * np.pi)  # 0 for the constant, which so has no variance
        variance = np.where(wavenumber * shortest_km <= 2 * np.pi, ratio**2 / (1 + ratio ** (2 + decay)), 0)
        self._deviation = np.sqrt(variance / variance.sum())
        self._lifetime = memory_hours * np.maximum(ratio, 0.3) ** (-2 / 3)
        self._amplitude = self._deviation * self._draw()
        self.gradient_rms = float(np.sqrt((self._deviation**2 * wavenumber**2).sum()))
        x_phase, y_phase = self._kx.T * geometry.x_km[None, :], geometry.y_km[:, None] * self._ky.T
        # Complex products as real ones: exp(i y) A exp(i x), of which the real part is wanted.
        self._parts_x = np.vstack((np.cos(x_phase), -np.sin(x_phase))).astype(np.float32)
        parts_y = np.hstack((np.cos(y_phase), np.sin(y_phase))).astype(np.float32)
        # Rows go in blocks small enough for BLAS to stay on one thread: on a busy machine its threads wait for each
        # other longer than the product takes, and the result might depend on their number.
        rows, columns = self._shape = geometry.shape
        block = int(np.clip(SINGLE_THREAD_PRODUCTS // (len(self._parts_x) * columns), 1, rows))
        self._parts_y = np.pad(parts_y, ((0, -rows % block), (0, 0))).reshape(-1, block, parts_y.shape[1])

    def _draw(self) -> np.ndarray:
        pair = self._rng.standard_normal((2, *self._deviation.shape))
        return pair[0] + 1j * pair[1]

    def advance(self, hours: float, drift_east_kmh: float, drift_north_kmh: float) -> None:
        """Let time pass while the pattern drifts (km/h)."""
        keep = np.exp(-hours / self._lifetime)
        turn = np.exp(-1j * hours * (self._kx * drift_east_kmh + self._ky * drift_north_kmh))
        self._amplitude = self._amplitude * keep * turn + np.sqrt(1 - keep**2) * self._deviation * self._draw()

    def value(self) -> np.ndarray:
        """The field, float32 (rows, columns)."""
        return self._evaluate(self._amplitude)

    def gradient(self) -> tuple[np.ndarray, np.ndarray]:
        """Eastward and northward derivative per km, divided by their root mean square `gradient_rms`."""
        scaled = 1j * self._amplitude / self.gradient_rms
        return self._evaluate(scaled * self._kx), self._evaluate(scaled * self._ky)

    def curvature(self) -> np.ndarray:
        """The Laplacian in units of its own standard deviation: positive in troughs, negative on ridges."""
        square = self._kx**2 + self._ky**2
        deviation = np.sqrt((self._deviation**2 * square**2).sum())
        return self._evaluate(-square / deviation * self._amplitude)

    def _evaluate(self, amplitude: np.ndarray) -> np.ndarray:
        real, imaginary = amplitude.real, amplitude.imag
        waves = np.block([[real, imaginary], [-imaginary, real]]).astype(np.float32)
        field = self._parts_y @ waves @ self._parts_x
        return field.reshape(-1, self._shape[1])[: self._shape[0]]


class SlowNumber:
    """A standard normal number that wanders with a given memory, for changes that the whole grid shares."""

    def __init__(self, rng: np.random.Generator, memory_hours: float):
        self._rng, self._memory = rng, memory_hours
        self.value = float(rng.standard_normal())

    def advance(self, hours: float) -> None:
        """Let time pass."""
        keep = np.exp(-hours / self._memory)
        self.value = float(keep * self.value + np.sqrt(1 - keep**2) * self._rng.standard_normal())
