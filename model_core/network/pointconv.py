"""PointConv: the normalised convolution that turns scattered readings into a first field.

Lyu et al. (2022), eqs. 1-2, with three decisions: kernels are positive, the second denominator is that
of the first field's support, and no data is decided by an exact count instead of a small denominator.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from scipy.fft import next_fast_len
from torch import Tensor, nn
from torch.nn import functional as F

SECOND_DENOMINATORS = ("support", "literal")
EPSILON_PLACES = ("weights", "denominators")


class NormalisedConvolution(nn.Module):
    """Weighted mean of the readings in a window, with one trainable positive kernel per variable.

    Parameters
    ----------
    variables : int
    size : int
        Odd width of the kernel in cells.
    epsilon : float
        Added to every weight, so that no sum of weights with a reading in reach is smaller; or to the sums, see `epsilon_in`.
    taper : bool
        Whether weights fall to `epsilon` towards the rim of a disc, so that a field does not jump where
        a far reading comes into reach.
    epsilon_in : {"weights", "denominators"}
        "denominators" leaves the weights alone; whoever divides by their sum adds `epsilon` to it, as eqs. 1-2 read.
    """

    def __init__(self, variables: int, size: int, epsilon: float = 1e-5, taper: bool = False, epsilon_in: str = "weights"):
        super().__init__()
        if epsilon_in not in EPSILON_PLACES:
            raise ValueError(f"epsilon_in must be one of {EPSILON_PLACES}, got {epsilon_in!r}")
        if size < 1 or size % 2 == 0:
            raise ValueError(f"a kernel size must be odd and positive, got {size}")
        self.size, self.epsilon, self.in_weights = size, epsilon, epsilon_in == "weights"
        self.raw = nn.Parameter(_bell(variables, size))
        self.register_buffer("window", _disc(size) if taper else torch.ones(1, 1, 1, 1), persistent=False)
        self._spectra: dict[tuple[Any, ...], Tensor] = {}

    @property
    def kernel(self) -> Tensor:
        """The positive weights, shape (variables, 1, size, size)."""
        weights = F.softplus(self.raw) * self.window
        return weights + self.epsilon if self.in_weights else weights

    def sums(self, values: Tensor, weights: Tensor, variables: Tensor | slice = slice(None)) -> tuple[Tensor, Tensor]:
        """Weighted sum of the values and sum of the weights in each window, for all variables or the given ones.

        Both arguments and results have shape (batch, variables, rows, columns); `weights` is 0 where
        there is no reading, whatever the value there. The sums are float64, and only mean something
        within `reach`: outside it they are rounding.
        """
        rows, columns = values.shape[-2:]
        half = self.size // 2
        shape = (next_fast_len(rows + half, real=True), next_fast_len(columns + half, real=True))
        spectrum = self._spectrum(shape)[variables]

        def windows(field: Tensor) -> Tensor:
            return torch.fft.irfft2(torch.fft.rfft2(field, shape) * spectrum, shape)[..., :rows, :columns]

        return windows((values * weights).double()), windows(weights.double())

    def _spectrum(self, shape: tuple[int, int]) -> Tensor:
        """Fourier transform of the kernel, (variables, rows, columns); kept from day to day once it is no longer trained."""
        # By Fourier transform, which costs the same whatever the kernel's size, and in float64, because sums
        # of the kernel's faint rim must not drown in the rounding of its peak.
        kept = not self.training and not torch.is_grad_enabled()
        key = (shape, self.raw.data_ptr(), None if self.raw.is_inference() else self.raw._version)
        if kept and key in self._spectra:
            return self._spectra[key]
        half = self.size // 2
        kernel = F.pad(self.kernel.double(), (0, shape[1] - self.size, 0, shape[0] - self.size))
        spectrum = torch.fft.rfft2(torch.roll(kernel, (-half, -half), (-2, -1))).conj().resolve_conj()[:, 0]
        if kept:
            self._spectra = {key: spectrum}  # of one shape: a run has one grid
        return spectrum

    def reach(self, mask: Tensor) -> Tensor:
        """Exactly where a window holds a reading, as a boolean tensor of the mask's shape."""
        half = self.size // 2
        there = F.pad(mask > 0, (half, half, half, half))
        for axis in (-2, -1):  # a square window is separable
            there = _any_in_window(there, self.size, axis)
        return there


class PointConvFields(NamedTuple):
    """What PointConv knows of a field; every tensor has shape (batch, variables, rows, columns).

    Values are 0 where their support is False: "no reading in reach", which is not a reading of zero.
    """

    first: Tensor
    second: Tensor
    density: Tensor
    first_support: Tensor
    second_support: Tensor


class PointConv(nn.Module):
    """Two normalised convolutions, the second over the first, with one trainable pair of kernels per variable.

    Parameters
    ----------
    variables : int
    kernels : (int, int)
        Odd widths of the first and second kernel in cells (21 and 11 in the paper).
    epsilon : float
        See `NormalisedConvolution`.
    second_denominator : {"support", "literal"}
        "support" divides the second convolution by that of the first field's support, which makes it a
        weighted mean. "literal" divides by that of the station mask, as eq. 2 reads.
    epsilon_in : {"weights", "denominators"}
        "weights" adds epsilon to every weight, which keeps a weighted mean one. "denominators" adds it to the sums of the
        weights that are divided by, as eqs. 1-2 read: a field is then drawn to zero where few weights are in reach.
    """

    def __init__(
        self,
        variables: int,
        kernels: tuple[int, int] = (21, 11),
        epsilon: float = 1e-5,
        second_denominator: str = "support",
        epsilon_in: str = "weights",
    ):
        super().__init__()
        if second_denominator not in SECOND_DENOMINATORS:
            raise ValueError(f"second_denominator must be one of {SECOND_DENOMINATORS}, got {second_denominator!r}")
        self.literal = second_denominator == "literal"
        self.first = NormalisedConvolution(variables, kernels[0], epsilon, epsilon_in=epsilon_in)
        self.second = NormalisedConvolution(variables, kernels[1], epsilon, epsilon_in=epsilon_in)

    def forward(self, values: Tensor, mask: Tensor) -> PointConvFields:
        """Convolve gridded readings.

        Parameters
        ----------
        values : Tensor
            Cell means of the readings, any finite number where there is none; shape (batch, variables, rows, columns).
        mask : Tensor
            1 where the cell holds a valid reading, else 0; same shape. The mask decides, never the value.
        """
        present = (mask > 0).flatten(2).any(2).any(0)
        if not present.any():
            present[:1] = True
        if present.all():
            return self._convolve(values, mask)
        # Variables that nobody reads are common, and they cost nothing: no reading is in reach anywhere.
        known = self._convolve(values[:, present], mask[:, present], present)
        return PointConvFields(
            *(
                torch.zeros(mask.shape, dtype=field.dtype, device=field.device).index_copy(1, present.nonzero()[:, 0], field)
                for field in known
            )
        )

    def _convolve(self, values: Tensor, mask: Tensor, variables: Tensor | slice = slice(None)) -> PointConvFields:
        weighted, density = self.first.sums(values, mask, variables)
        first_support = self.first.reach(mask)
        first = _mean(weighted, density if self.first.in_weights else density + self.first.epsilon, first_support)

        support = first_support.to(mask.dtype)
        weighted, denominator = self.second.sums(first, support, variables)
        second_support = self.second.reach(support)
        if self.literal:
            _, denominator = self.second.sums(values, mask, variables)
        if self.literal or not self.second.in_weights:
            denominator = denominator + self.second.epsilon
        return PointConvFields(
            first.float(),
            _mean(weighted, denominator, second_support).float(),
            torch.where(first_support, density, 0.0).float(),
            first_support,
            second_support,
        )


def _bell(variables: int, size: int) -> Tensor:
    """Raw weights whose softplus is a Gaussian bell with a standard deviation of a fifth of the kernel."""
    offset = torch.arange(size) - size // 2
    squared = offset[:, None] ** 2 + offset[None, :] ** 2
    bell = torch.exp(-squared / (2 * max(size / 5, 0.5) ** 2))
    return torch.log(torch.expm1(bell)).expand(variables, 1, size, size).clone()


def _disc(size: int) -> Tensor:
    """A raised cosine of the distance from the middle: 1 there, 0 just outside the kernel."""
    offset = torch.arange(size) - size // 2
    distance = torch.sqrt(offset[:, None] ** 2.0 + offset[None, :] ** 2.0) / (size // 2 + 1)
    return (torch.cos(distance.clamp(max=1) * torch.pi / 2) ** 2)[None, None]


def _any_in_window(there: Tensor, size: int, axis: int) -> Tensor:
    """Whether any of `size` neighbours along an axis is True, without padding: windows are put together by doubling."""
    width, length = 1, there.shape[axis]
    while 2 * width <= size:
        length -= width
        there = there.narrow(axis, 0, length) | there.narrow(axis, width, length)
        width *= 2
    if width < size:
        length -= size - width
        there = there.narrow(axis, 0, length) | there.narrow(axis, size - width, length)
    return there


def _mean(weighted: Tensor, weights: Tensor, support: Tensor) -> Tensor:
    return torch.where(support, weighted / torch.where(support, weights, 1.0), 0.0)
