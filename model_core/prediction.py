"""Days of gridded readings to complete fields."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Collection, Iterator, Mapping, NamedTuple, Sequence

import numpy as np
import torch

from model_core.applicability import in_another_region, used_elsewhere
from model_core.errors import InputError
from model_core.grid import Grid
from model_core.inference.batches import in_batches, is_out_of_memory
from model_core.inference.fast_network import fast_network
from model_core.inference.memory import DEFAULT_MEMORY_MB, bytes_of_a_day, days_at_once
from model_core.inference.precision import PRECISIONS, choose_precision
from model_core.inference.station_readings import station_readings
from model_core.inference.tiles import predict_in_windows, window_length
from model_core.model_file import Model
from model_core.network.network_output import NetworkOutput
from model_core.network.reading_quantities import StationReadings
from model_core.network.trust import KRIGING_ALONE, Trust
from model_core.side_by_side import side_by_side
from model_core.stations.gridding import GriddedReadings
from model_core.warping import warp
from model_core.world_maps import fill_in


@dataclass(frozen=True)
class Reanalysis:
    """The field of one day.

    Attributes
    ----------
    field : float32 (rows, columns), in the target's canonical unit, nowhere negative
    missing_inputs : inputs that the model knows and that were not there
    negative_cells : cells that had to be raised to zero
    notes : what a user should know about this use of the model
    sd : float32 (rows, columns), standard deviation of a station's reading in the cell, in the same unit; None where the
        model does not tell it
    """

    field: np.ndarray
    missing_inputs: list[str]
    negative_cells: int
    notes: list[str]
    sd: np.ndarray | None = None


_ALONE = (
    "in another region than it was trained on, the model's own kriging is taken without the correction of its network, which is not known to help "
    "there; with --analysis auto the readings choose, with --analysis network it is applied"
)


class Parts(NamedTuple):
    """What a day's field is made of, each float32 (rows, columns), in the target's unit; None where the model does not tell it.

    Attributes
    ----------
    field : kriging with the share of the correction that is applied, as it is before it is kept from being negative
    background : kriging alone
    doubt : from 0 where readings tell all that a reading can tell to 1 where they tell nothing
    sd : standard deviation of a reading in the cell
    """

    field: np.ndarray
    background: np.ndarray
    doubt: np.ndarray
    sd: np.ndarray | None


class Predictor:
    """A model made ready for the days of one grid: what does not change from day to day is done once.

    Parameters
    ----------
    model : Model
    grid : Grid
    device : torch.device
    covariates : maps (rows, columns) on the grid in canonical units, by key; where they are known they overrule the model's own,
        and where neither has one the world map that ships with the engine is taken (`world_maps`)
    precision : "auto", "fp32", "bf16" or "fp16"; see `choose_precision`
    memory : MB of memory that prediction may take (`DEFAULT_MEMORY_MB` if None); a grid that needs more is predicted in
        overlapping windows

    Attributes
    ----------
    trust : how far the network is believed, see `trusting`: as its training chose, and in another region not at all, as nothing shows that it
        helps there: the field is then the model's own kriging
    device, precision : what is computed on and in; they change if the card or its half precision fails
    notes : what a user should know of this use of the model and of the machine

    Raises
    ------
    InputError
        If the precision is unknown, or the memory is too little for the grid.
    """

    def __init__(
        self,
        model: Model,
        grid: Grid,
        device: torch.device,
        *,
        covariates: Mapping[str, np.ndarray] | None = None,
        precision: str = "auto",
        memory: int | None = None,
    ):
        self.model, self.grid, self.memory = model, grid, memory or DEFAULT_MEMORY_MB
        self.notes = used_elsewhere(model, grid)
        maps = _maps(model, grid, covariates or {})
        self._missing_maps = _unknown(model, maps)
        self._host_maps, self.trust = maps, Trust()
        if self.corrects_kriging and in_another_region(model, grid):
            self.trust = KRIGING_ALONE
            self.notes.append(_ALONE)
        self._place(device, choose_precision(precision, device, self.notes.append))

    @property
    def corrects_kriging(self) -> bool:
        """Whether the network corrects kriging of the readings, so that it can be believed more or less."""
        configuration = self.model.configuration
        return configuration.kriging and configuration.output == "correction"

    @property
    def maps(self) -> dict[str, np.ndarray]:
        """The maps that the network is given on the grid, by key: float32 (rows, columns), NaN where unknown."""
        return dict(zip(self.model.configuration.maps, self._host_maps[0]))

    def trusting(self, trust: Trust) -> "Predictor":
        """The same model believed more or less; it shares weights and maps with this one.

        Raises
        ------
        InputError
            If the network corrects no kriging, so that there is nothing to believe more or less.
        """
        if not self.corrects_kriging:
            raise InputError(f"model '{self.model.name}' does not correct kriging of the readings: there is no share of it to choose")
        other = copy.copy(self)
        other.trust, other._network = trust, copy.copy(self._network)
        other._network.trust = trust
        if trust != self.trust and _ALONE in self.notes:
            other.notes = [note for note in self.notes if note != _ALONE]  # it is not so any more
        return other

    def parts(self, days: Sequence[Mapping[str, GriddedReadings]]) -> Iterator[Parts]:
        """What the field of each day is made of, one day at a time; of a network that corrects kriging."""
        with torch.inference_mode():
            for day in days:
                if self._window:
                    found = predict_in_windows(self._network, day, self._host_maps[0], self.device, self._window, parts=Parts._fields)
                else:
                    output = self._together([day])
                    found = [
                        None if part is None else part[0].float().cpu().numpy() for part in map(output.__getattribute__, Parts._fields)
                    ]
                yield Parts(*found)

    def kriged(self, days: Sequence[Mapping[str, GriddedReadings]]) -> list[np.ndarray]:
        """The kriging of each day that the network corrects, without the correction: float32 (rows, columns), in the target's unit."""
        maps, known = torch.from_numpy(np.nan_to_num(self._host_maps)), torch.from_numpy(np.isfinite(self._host_maps)).float()

        def of_day(day: Mapping[str, GriddedReadings]) -> np.ndarray:
            values, counts = self._readings_of([day])
            survey = self._network.survey(*(x.to(self.device) for x in (values, counts, maps, known)), stations=self._stations([day]))
            return survey.kriged.field[0, 0].float().cpu().numpy()

        with torch.inference_mode():
            return side_by_side(of_day, days) if self.device.type == "cpu" else [of_day(day) for day in days]

    def predict(self, days: Sequence[Mapping[str, GriddedReadings]]) -> list[Reanalysis]:
        """The target's field on each day; a day's result never depends on the others.

        Parameters
        ----------
        days : of each day its readings by variable; the target's must be there, others that the model knows may be

        Raises
        ------
        InputError
            If the target has no readings on a day.
        """
        target = self.model.configuration.target
        if not all(target in day for day in days):
            raise InputError(f"the model predicts {target}, and there are no readings of it")
        return in_batches(self._predict_batch, days, self._days_at_once, self._use_smaller_batches)

    def missing_inputs(self, given: Collection[str]) -> list[str]:
        """Inputs that the model knows and that are not there on a day with readings of the `given` variables."""
        return [name for name in self.model.configuration.station_variables if name not in given] + self._missing_maps

    def _predict_batch(self, days: Sequence[Mapping[str, GriddedReadings]]) -> list[Reanalysis]:
        try:
            field, sd = self._fields(days)
            if self.precision != "fp32" and not np.isfinite(field).all():
                self.notes.append(f"{self.precision} was not wide enough for this model; it runs in fp32")
                self._place(self.device, "fp32")
                field, sd = self._fields(days)
        except RuntimeError as error:
            if is_out_of_memory(error) or (self.device.type == "cpu" and self.precision == "fp32"):
                raise
            trouble, cpu = str(error).splitlines()[0], torch.device("cpu")
            if self.device.type == "cpu":
                self.notes.append(f"the processor's library refused {self.precision} ({trouble}); the model runs in fp32")
                self._place(cpu, "fp32")
            else:
                self.notes.append(f"the graphics card failed ({trouble}); the processor does its work")
                self._place(cpu, choose_precision("auto", cpu))
            return [self._predict_batch([day])[0] for day in days]
        return [
            Reanalysis(
                np.maximum(day_field, 0),
                self.missing_inputs(day),
                int((day_field < 0).sum()),
                list(self.notes),
                None if sd is None else sd[number],
            )
            for number, (day, day_field) in enumerate(zip(days, field))
        ]

    def _fields(self, days: Sequence[Mapping[str, GriddedReadings]]) -> tuple[np.ndarray, np.ndarray | None]:
        """Field and standard deviation as the network gives them, float32 (days, rows, columns)."""
        if self._window:
            found = [predict_in_windows(self._network, day, self._host_maps[0], self.device, self._window) for day in days]
            return np.stack([field for field, _ in found]), None if found[0][1] is None else np.stack([sd for _, sd in found])
        with torch.inference_mode():
            outputs = self._one_by_one(days) if self.device.type == "cpu" else [self._together(days)]
            fields = np.concatenate([output.field.float().cpu().numpy() for output in outputs])
            if outputs[0].sd is None:
                return fields, None
            return fields, np.concatenate([output.sd.float().cpu().numpy() for output in outputs])

    def _together(self, days: Sequence[Mapping[str, GriddedReadings]]) -> NetworkOutput:
        """The days as one batch."""
        return self._network(*self._inputs(days), stations=self._stations(days))

    def _one_by_one(self, days: Sequence[Mapping[str, GriddedReadings]]) -> list[NetworkOutput]:
        """The days' surveys, kriging above all, side by side, and then their fields, each on all processors."""
        inputs = [self._inputs([day]) for day in days]
        surveys = side_by_side(lambda n: self._network.survey(*inputs[n], stations=self._stations([days[n]])), range(len(days)))
        return [self._network(*one, survey=survey) for one, survey in zip(inputs, surveys)]

    def _inputs(self, days: Sequence[Mapping[str, GriddedReadings]]) -> tuple[torch.Tensor, ...]:
        """The network's arguments: values and counts of the readings, maps and where they are known."""
        values, counts = (x.to(self.device, non_blocking=True) for x in self._readings_of(days))
        return values, counts, self._maps.expand(len(days), -1, -1, -1), self._known.expand(len(days), -1, -1, -1)

    def _stations(self, days: Sequence[Mapping[str, GriddedReadings]]) -> list[StationReadings]:
        return station_readings([day[self.model.configuration.target] for day in days], self.device)

    def _readings_of(self, days: Sequence[Mapping[str, GriddedReadings]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Values and counts, each float32 (days, station variables, rows, columns); 0 where there are none."""
        names = self.model.configuration.station_variables
        # In pinned memory a card fetches them by itself, while the processor prepares its orders.
        shape, pinned = (len(days), len(names), *self.grid.shape), self.device.type == "cuda"
        values, counts = (torch.zeros(shape, pin_memory=pinned) for _ in range(2))
        for number, day in enumerate(days):
            for i, name in enumerate(names):
                if name in day:
                    values[number, i] = torch.from_numpy(day[name].values)
                    counts[number, i] = torch.from_numpy(day[name].counts)
        return values, counts

    def _place(self, device: torch.device, precision: str) -> None:
        """Put network and maps on a device, in a precision."""
        self.device, self.precision = device, precision
        self._network = fast_network(self.model.network, device, PRECISIONS[precision])
        self._network.trust = self.trust
        about = self.model.configuration, self._network.unets[-1].inputs, self.grid.shape, PRECISIONS[precision]
        self._window = window_length(*about, self.memory)
        if self._window:
            self._days_at_once = 1
            return
        self._days_at_once = days_at_once(device, bytes_of_a_day(*about), self.memory)
        maps = torch.from_numpy(self._host_maps).to(device)
        self._maps, self._known = torch.nan_to_num(maps), torch.isfinite(maps).float()

    def _use_smaller_batches(self, size: int) -> None:
        self._days_at_once = size
        self.notes.append(f"memory ran out; now {size} {'days are' if size > 1 else 'day is'} predicted at once")


def predict(
    model: Model,
    readings: Mapping[str, GriddedReadings],
    grid: Grid,
    device: torch.device,
    covariates: Mapping[str, np.ndarray] | None = None,
) -> Reanalysis:
    """Predict the target's field of one day; see `Predictor`, which is the way to predict many."""
    return Predictor(model, grid, device, covariates=covariates).predict([readings])[0]


def _maps(model: Model, grid: Grid, covariates: Mapping[str, np.ndarray]) -> np.ndarray:
    """The covariates that the network knows on the grid, NaN where unknown; float32 (1, covariates, rows, columns)."""
    maps = np.full((1, len(model.configuration.maps), *grid.shape), np.nan, np.float32)
    for i, name in enumerate(model.configuration.maps):
        if model.maps and name in model.maps.fields:
            maps[0, i] = warp(model.maps.fields[name], model.maps.grid, grid)
        if name in covariates:
            maps[0, i] = np.where(np.isfinite(covariates[name]), covariates[name], maps[0, i])
    fill_in(maps[0], model.configuration.maps, grid)
    return maps


def missing_maps(model: Model, grid: Grid, covariates: Mapping[str, np.ndarray] | None = None) -> list[str]:
    """Covariates of the model that are unknown everywhere on the grid; arguments as for `Predictor`."""
    return _unknown(model, _maps(model, grid, covariates or {}))


def _unknown(model: Model, maps: np.ndarray) -> list[str]:
    return [name for name, field in zip(model.configuration.maps, maps[0]) if not np.isfinite(field).any()]
