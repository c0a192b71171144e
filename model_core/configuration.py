"""What a network is and how it is trained: two readable tables, validated with errors that name the key."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from model_core.errors import InputError
from model_core.variables import known_variables

MOST_CHANNELS, MOST_CELLS_WIDE = 4096, 1000  # more is a slip, and would take all memory
CONFIGURATIONS_FOLDER = Path(__file__).parent / "configurations"


@dataclass(frozen=True)
class Transform:
    """Fixed transform of a variable before PointConv: (x - offset) / scale, or log(x + offset) / scale."""

    kind: str = "linear"
    offset: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True)
class NetworkConfiguration:
    """Everything that decides the shape and meaning of a network's weights; stored in the model file.

    Attributes
    ----------
    target : the species whose field comes out; one of the station variables
    station_variables, covariates : inputs, by the keys of `model_core.variables`
    drift : further maps that act as external drift in kriging, and which the rest of the network does not see
    drift_alone : whether the maps of `drift` act, and slopes vary (`local_slopes`), only where the kriging is taken alone
        (`network.trust`), as the correction was trained without
    local_slopes : standard deviation of the slopes on the maps of kriging about their means, in standard deviations of the readings, and
        the distance in cells over which they vary (`network.local_slopes`); empty where a slope is the same everywhere
    outlier_limit : where the kriging is taken alone, how many standard deviations a reading may lie from what the others say of it; farther
        ones count as that far (`network.outlying`); 0 for no limit
    kernels, epsilon, epsilon_in, second_denominator : see `PointConv`
    combine : "sum" gives PC1 + PC2 (the paper); "channels" gives PC1, PC2 and the log of the station density
    coarse_factors : block sizes in cells of additional, far-reaching convolutions of the target, ascending
    readings : whether the readings themselves, as departures from the background, are channels
    availability : whether every covariate has a channel that says where it is known
    width, levels : see `RegrUNetPP`
    unet_factor : side in cells of the blocks that the UNet++ works on; its result is refined bilinearly
    output : "field" predicts the field; "relu" with a ReLU at the output, so that it is nowhere negative; "correction"
        predicts a correction to the normalised convolutions
    correction_limit : largest correction in units of the day's spread
    correction_share : what part of the correction is applied next to readings, and far from them; with `uncertainty_share`,
        that of the correction to kriging's standard deviation, chosen at the end of a training, see `training.shrinkage`
    correction_reach : how much the readings must leave open for the share far from them to be applied in full, from 0 (they tell all that a reading
        can tell) to 1 (nothing); below it the share goes in a straight line from that next to readings (`network.trust.share_at`)
    kriging : whether the target's readings are kriged first; a correction is then one to the kriged field
    background_width : width of a second, smaller UNet++, which on days with a background, another field of the day such as a CTM's, sees it too and
        adds to the correction; 0 for none. Days without one are corrected as if there were no second
    background_share : as `correction_share`, of what the second one adds
    uncertainty : whether the standard deviation of a reading comes out too
    standardise : "none", or "day": mean and spread of the day's readings are taken out, in transformed units
    transforms : by variable; a variable without one is used as it is
    """

    target: str = "pm25"
    station_variables: tuple[str, ...] = ("pm25", "rh", "wind")
    covariates: tuple[str, ...] = ("elevation", "urban")
    drift: tuple[str, ...] = ()
    drift_alone: bool = False
    local_slopes: tuple[float, ...] = ()
    outlier_limit: float = 0.0
    kernels: tuple[int, int] = (21, 11)
    epsilon: float = 1e-5
    epsilon_in: str = "weights"
    second_denominator: str = "support"
    combine: str = "sum"
    coarse_factors: tuple[int, ...] = ()
    readings: bool = False
    availability: bool = False
    width: int = 32
    levels: int = 5
    unet_factor: int = 1
    output: str = "field"
    correction_limit: float = 1.5
    correction_share: tuple[float, float] = (1.0, 1.0)
    correction_reach: float = 1.0
    uncertainty_share: float = 1.0
    kriging: bool = False
    background_width: int = 0
    background_share: tuple[float, float] = (1.0, 1.0)
    uncertainty: bool = False
    standardise: str = "none"
    transforms: dict[str, Transform] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in (*self.station_variables, *self.maps, *self.transforms):
            if name not in known_variables():
                raise InputError(f"network: unknown variable '{name}'; known are {', '.join(known_variables())}")
        if self.target not in self.station_variables:
            raise InputError(f"network.target: '{self.target}' is not among station_variables {self.station_variables}")
        if len(self.kernels) != 2 or any(size < 1 or size % 2 == 0 for size in self.kernels):
            raise InputError(f"network.kernels: two odd sizes in cells are needed, got {self.kernels}")
        if self.unet_factor < 1:
            raise InputError(f"network.unet_factor must be 1 or more, got {self.unet_factor}")
        if self.levels < 2 or self.width < 1:
            raise InputError(f"network.levels must be 2 or more and network.width 1 or more, got {self.levels}, {self.width}")
        if self.width * 2 ** min(self.levels - 1, 64) > MOST_CHANNELS:  # each level has twice the channels of the one above
            raise InputError(
                f"network.width {self.width} with network.levels {self.levels} makes more than {MOST_CHANNELS} channels; the paper's "
                "configuration has a width of 32 and 5 levels"
            )
        if max((*self.kernels, *self.coarse_factors, self.unet_factor)) > MOST_CELLS_WIDE:
            raise InputError(f"network.kernels, coarse_factors and unet_factor are cells; none may be more than {MOST_CELLS_WIDE}")
        if self.epsilon <= 0 or self.correction_limit <= 0:
            raise InputError("network.epsilon and network.correction_limit must be positive")
        if len(self.correction_share) != 2 or not all(0 <= share <= 1 for share in (*self.correction_share, self.uncertainty_share)):
            raise InputError(
                "network.correction_share must be two numbers and network.uncertainty_share one, from 0 to 1; "
                f"got {self.correction_share} and {self.uncertainty_share}"
            )
        if not 0 < self.correction_reach <= 1:
            raise InputError(f"network.correction_reach must be above 0 and at most 1, got {self.correction_reach}")
        if len(self.background_share) != 2 or not all(0 <= share <= 1 for share in self.background_share):
            raise InputError(f"network.background_share must be two numbers from 0 to 1, got {self.background_share}")
        if not 0 <= self.background_width <= self.width:
            raise InputError(f"network.background_width must be from 0 to network.width, {self.width}; got {self.background_width}")
        if self.background_width and not (self.kriging and self.output == "correction"):
            raise InputError(
                "network.background_width needs network.kriging and output = 'correction': a background enters by way of kriging"
            )
        if any(b <= a for a, b in zip((1, *self.coarse_factors), self.coarse_factors)):
            raise InputError(f"network.coarse_factors must ascend from 2, got {self.coarse_factors}")
        if self.output == "correction" and not (self.coarse_factors or self.kriging):
            raise InputError("network.output: 'correction' needs kriging or coarse_factors, or cells far from stations have no background")
        if self.local_slopes and (
            not self.kriging or len(self.local_slopes) != 2 or not all(0 < one < float("inf") for one in self.local_slopes)
        ):
            raise InputError(
                "network.local_slopes must be two positive numbers, the slopes' standard deviation and a distance in cells, "
                f"with network.kriging; got {self.local_slopes}"
            )
        if self.outlier_limit and (not self.kriging or not 1 <= self.outlier_limit < float("inf")):
            raise InputError(f"network.outlier_limit must be 0, or 1 or more with network.kriging; got {self.outlier_limit}")
        if self.drift and not self.kriging:
            raise InputError(f"network.drift: {', '.join(self.drift)} can only be a drift of kriging, and network.kriging is false")
        if len(set(self.maps)) < len(self.maps):
            raise InputError(f"network.drift: a map is named twice in covariates and drift, {', '.join(self.maps)}")
        if self.kriging and self.standardise != "day":
            raise InputError("network.kriging needs standardise = 'day': its prior is that of standardised readings")
        for key, allowed in {
            "second_denominator": ("support", "literal"),
            "combine": ("sum", "channels"),
            "epsilon_in": ("weights", "denominators"),
            "output": ("field", "relu", "correction"),
            "standardise": ("none", "day"),
        }.items():
            _require(f"network.{key}", getattr(self, key), allowed)
        target = self.transform_of(self.target)
        if self.output == "relu" and (self.standardise != "none" or target.kind != "linear" or target.offset != 0):
            raise InputError(
                "network.output: 'relu' needs standardise = 'none' and a linear transform of the target without offset, "
                "so that its zero is a concentration of zero"
            )
        for name, transform in self.transforms.items():
            _require(f"network.transforms.{name}.kind", transform.kind, ("linear", "log"))
            if transform.scale <= 0 or (transform.kind == "log" and transform.offset <= 0):
                raise InputError(f"network.transforms.{name}: scale, and the offset of a log, must be positive")

    @property
    def maps(self) -> tuple[str, ...]:
        """All maps that the network is given: the covariates, then those that are only a drift."""
        return self.covariates + self.drift

    def transform_of(self, variable: str) -> Transform:
        """The variable's transform; the identity where none is given."""
        return self.transforms.get(variable, Transform())

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "NetworkConfiguration":
        """From plain values; an unknown key is an error that names it."""
        values = dict(_table("network", values))
        if not values.get("drift_share", 1.0):  # files of November 2026 have it; 0 meant nothing
            del values["drift_share"]
        transforms = {
            name: _build(Transform, f"network.transforms.{name}", table)
            for name, table in _table("network.transforms", values.pop("transforms", {})).items()
        }
        return _build(cls, "network", {**values, "transforms": transforms})


@dataclass(frozen=True)
class TrainingConfiguration:
    """How a network learns from CTM fields.

    Attributes
    ----------
    iterations, batch, learning_rate, weight_decay : of the Adam (AdamW) optimiser
    accumulate : equal parts of a batch that are computed one after the other, their gradients added up (gradient accumulation): less
        memory, and batch normalisation over a part in place of the whole
    schedule : "constant" or "cosine" (a short warm-up, then down to zero at the last iteration)
    loss : "mae" (the paper), "mixed": half the absolute error in standardised units, half the Huber error in original
        units over the spread of the field, which is trained towards the mean; or "mean": the Huber error in original
        units over the standard deviation that kriging tells (without kriging over the spread of the field), with more
        weight where people live, and the likelihood of readings where the network tells its uncertainty
    crop : side in cells of a random window that a sample is cut to; 0 uses whole fields
    stations : fewest and most nominal stations of a whole field
    layouts : "uniform" (the paper: uniform number, uniform land cells), "network": a uniform number of the stations of
        the given layout, or "varied": log-uniform number, cells uniform, drawn by urban fraction, or from real networks
        with jitter, and whole cities removed
    reading_noise : smallest and largest standard deviation of the factor that readings are multiplied by, in logs;
        log-uniform between them for each sample
    outliers : share of readings whose noise is five times as large
    variety : probability of each of the accidents that make a CTM's fields more various: two days blended, a random
        field laid over, and more or less of terrain and cities than the CTM has
    remove_variable, remove_covariate : probability that a sample lacks a station variable or covariate as a whole
    rescale : standard deviation of a random factor on the target field, in logs
    flip : whether fields are mirrored at random
    background_batches : share of the batches whose days have an imperfect version of themselves as background, for `NetworkConfiguration.background_width`;
        with 1 only the second UNet++ is trained, and the rest of a network that is trained on stays as it is
    validation_share : share of the days, the last of each file, that is never trained on
    validate_every : iterations between two validations and checkpoints
    """

    iterations: int = 20_000
    batch: int = 10
    accumulate: int = 1
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    schedule: str = "constant"
    loss: str = "mae"
    crop: int = 0
    stations: tuple[int, int] = (1500, 2500)
    layouts: str = "uniform"
    reading_noise: tuple[float, float] = (0.0, 0.0)
    outliers: float = 0.0
    variety: float = 0.0
    remove_variable: float = 0.0
    remove_covariate: float = 0.0
    rescale: float = 0.0
    flip: bool = False
    background_batches: float = 0.0
    validation_share: float = 0.1
    validate_every: int = 250

    def __post_init__(self) -> None:
        for key in ("iterations", "batch", "accumulate", "learning_rate", "validate_every"):
            if getattr(self, key) <= 0:
                raise InputError(f"training.{key} must be positive, got {getattr(self, key)}")
        if self.batch % self.accumulate:
            raise InputError(f"training.accumulate must divide the batch of {self.batch} samples into equal parts, got {self.accumulate}")
        for key in ("remove_variable", "remove_covariate", "validation_share", "outliers", "variety"):
            if not 0 <= getattr(self, key) < 1:
                raise InputError(f"training.{key} must be from 0 to below 1, got {getattr(self, key)}")
        if len(self.stations) != 2 or not 1 <= self.stations[0] <= self.stations[1]:
            raise InputError(f"training.stations: fewest and most are needed, got {self.stations}")
        if len(self.reading_noise) != 2 or not 0 <= self.reading_noise[0] <= self.reading_noise[1]:
            raise InputError(f"training.reading_noise: smallest and largest are needed, got {self.reading_noise}")
        if not 0 <= self.background_batches <= 1:
            raise InputError(f"training.background_batches must be from 0 to 1, got {self.background_batches}")
        for key, allowed in {
            "schedule": ("constant", "cosine"),
            "loss": ("mae", "mixed", "mean"),
            "layouts": ("uniform", "network", "varied"),
        }.items():
            _require(f"training.{key}", getattr(self, key), allowed)

    @property
    def judged_by(self) -> str:
        """The score that decides which validated network is the best."""
        return "rmse_to_background" if self.loss == "mean" else "mae"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "TrainingConfiguration":
        """From plain values; an unknown key is an error that names it."""
        return _build(cls, "training", values)


def read_configuration(name_or_file: str) -> tuple[NetworkConfiguration, TrainingConfiguration]:
    """The configuration called ``paper`` or ``improved``, or a user's TOML file with tables [network] and [training].

    Raises
    ------
    InputError
        If there is no such configuration, or it holds an unknown key or a value that is not allowed.
    """
    path = CONFIGURATIONS_FOLDER / f"{name_or_file}.toml"
    if not path.is_file():
        path = Path(name_or_file)
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in CONFIGURATIONS_FOLDER.glob("*.toml")))
        raise InputError(f"configuration '{name_or_file}' is neither one of {known}, nor an existing TOML file")
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a valid TOML file: {error}") from error
    unknown = set(tables) - {"network", "training"}
    if unknown:
        raise InputError(f"{path}: unknown table '{min(unknown)}'; expected [network] and [training]")
    try:
        return (NetworkConfiguration.from_dict(tables.get("network", {})), TrainingConfiguration.from_dict(tables.get("training", {})))
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _table(where: str, values: Any) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise InputError(f"'{where}' must be a table, got {values!r}")
    return values


def _build(cls: type, where: str, values: dict[str, Any]) -> Any:
    known = {f.name: f for f in fields(cls)}
    converted = {}
    for key, value in _table(where, values).items():
        if key not in known:
            raise InputError(f"unknown key '{where}.{key}'; known are {', '.join(known)}")
        converted[key] = _typed(f"{where}.{key}", value, str(known[key].type))
    return cls(**converted)


def _typed(key: str, value: Any, annotation: str) -> Any:
    """The value as its annotation wants it, or an error that names the key."""
    if annotation.startswith("tuple"):
        item = annotation[len("tuple[") :].split(",")[0]
        if not isinstance(value, (list, tuple)):
            raise InputError(f"{key} must be a list, got {value!r}")
        return tuple(_typed(key, entry, item) for entry in value)
    if annotation.startswith("dict"):
        return value
    expected = {"int": int, "float": (int, float), "str": str, "bool": bool}[annotation]
    if not isinstance(value, expected) or (isinstance(value, bool) and annotation != "bool"):
        raise InputError(f"{key} must be of type {annotation}, got {value!r}")
    return float(value) if annotation == "float" else value


def _require(key: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InputError(f"{key} must be one of {', '.join(allowed)}, got '{value}'")
