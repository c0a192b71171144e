"""What a run chooses beside its configuration: the species, the inputs, and a few numbers of the schedule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Mapping, Sequence

from model_core.configuration import NetworkConfiguration, TrainingConfiguration, Transform
from model_core.errors import InputError
from model_core.variables import get_variable, known_variables

NONE = "none"

# Daily means that are common in populated regions, in ug m-3: they scale the transform of a target for which the
# configuration has none from that of the target for which it has one.
_TYPICAL = {"pm25": 50.0, "pm10": 80.0, "o3": 80.0, "no2": 30.0, "so2": 15.0, "co": 800.0}
# For inputs for which the configuration has none; only meant to bring them near one.
_INPUT_TRANSFORMS = {
    "rh": Transform("linear", 60.0, 25.0),
    "wind": Transform("log", 1.0, 1.0),
    "temperature": Transform("linear", 285.0, 12.0),
    "elevation": Transform("linear", 0.0, 1000.0),
}


def choose_inputs(
    network: NetworkConfiguration,
    target: str | None = None,
    inputs: Sequence[str] | None = None,
    maps: Sequence[str] | None = None,
    typical: Mapping[str, float] | None = None,
) -> NetworkConfiguration:
    """The configuration for another target, other station variables beside it, or other maps; None keeps what it has.

    A variable that is new to the configuration, and for which it has no transform, gets a fixed one: the target that of
    the configured target, scaled to common concentrations, others one that brings them near one.

    Parameters
    ----------
    typical : common values of variables that are not known here, see `untypical`; one without stays as it is

    Raises
    ------
    InputError
        If a name is not known, or is a map where a station variable is needed, or the other way round.
    """
    if target is None and inputs is None and maps is None:
        return network
    chosen = _checked("target", [target or network.target], static=False)[0]
    if inputs is None:
        # The former target is no input of its own accord: its readings were never asked for.
        beside = [name for name in network.station_variables if name not in (network.target, chosen)]
    else:
        beside = [name for name in _checked("inputs", _listed("inputs", inputs), static=False) if name != chosen]
    covariates = network.covariates if maps is None else tuple(_checked("maps", _listed("maps", maps), static=True))
    transforms, typical = dict(network.transforms), {**_TYPICAL, **(typical or {})}
    for name in {chosen, *beside, *covariates} - {*network.station_variables, *network.maps, *transforms}:
        if name == chosen:
            transforms[name] = _scaled(network.transform_of(network.target), network.target, chosen, typical)
        elif name in typical and name not in _INPUT_TRANSFORMS:
            transforms[name] = Transform("linear", 0.0, typical[name])
        else:
            transforms[name] = _INPUT_TRANSFORMS.get(name, Transform())
    used = {name: rule for name, rule in transforms.items() if name in (chosen, *beside, *covariates, *network.drift)}
    return replace(
        network,
        target=chosen,
        station_variables=(chosen, *beside),
        covariates=covariates,
        drift=network.drift if maps is None else (),
        transforms=used,
    )


def choose_schedule(training: TrainingConfiguration, request: Mapping[str, Any]) -> TrainingConfiguration:
    """The configuration with the batch, its parts, the learning rate, the validation share and the share of batches with a background that the request names.

    A layout that the request names is what stations are drawn from where the configuration would draw them uniformly.

    Raises
    ------
    InputError
        If one of them is not allowed; the message names its key. If the configuration needs a layout and there is none.
    """
    numbers: dict[str, Any] = {}
    for key, kind in (
        ("batch", int),
        ("accumulate", int),
        ("learning_rate", float),
        ("validation_share", float),
        ("background_batches", float),
    ):
        if request.get(key) is not None:
            numbers[key] = kind(request[key])
    if request.get("layout") and training.layouts == "uniform":
        numbers["layouts"] = "network"
    if training.layouts == "network" and not request.get("layout"):
        raise InputError("training.layouts is 'network', and no layout was given")
    return replace(training, **numbers)


def choose_background(network: NetworkConfiguration, training: TrainingConfiguration, base: bool) -> NetworkConfiguration:
    """The network with a second UNet++, half as wide, for days with a background where the training has such days.

    Parameters
    ----------
    base : whether a model is trained on

    Raises
    ------
    InputError
        If the network can't take a background, or nothing would train the one part or the other.
    """
    if training.background_batches == 1 and not base:
        raise InputError(
            "training.background_batches of 1 trains nothing but what corrects days with a background: give a model to train on (--from), or a "
            "smaller share, such as 0.5"
        )
    if training.background_batches:
        return replace(network, background_width=network.background_width or max(1, network.width // 2))
    if network.background_width and not base:
        raise InputError(
            "network.background_width is set and training.background_batches is 0, so that nothing would train what corrects days with a background; "
            "give a share of batches, such as 0.5"
        )
    return network


def _listed(key: str, names: Sequence[str]) -> list[str]:
    """Names without the word for none, which stands alone."""
    if isinstance(names, str):
        names = names.replace(",", " ").split()
    if NONE in names and len(names) > 1:
        raise InputError(f"{key}: '{NONE}' stands alone, got {', '.join(names)}")
    return [name for name in dict.fromkeys(names) if name != NONE]


def _checked(key: str, names: Sequence[str], static: bool) -> list[str]:
    """Names that are all station variables, or all maps."""
    for name in names:
        if name not in known_variables() or get_variable(name).static != static:
            fitting = ", ".join(v.key for v in known_variables().values() if v.static == static)
            raise InputError(f"{key}: '{name}' is not one of {fitting}; others are defined in a variable table (--variables)")
    return list(names)


def untypical(network: NetworkConfiguration, configured: NetworkConfiguration) -> list[str]:
    """Station variables whose common values nothing tells, neither the configuration nor this module: their days must."""
    told = {*configured.transforms, *_TYPICAL, *_INPUT_TRANSFORMS}
    return [name for name in network.station_variables if name not in told and name not in configured.station_variables]


def _scaled(rule: Transform, of: str, target: str, typical: Mapping[str, float]) -> Transform:
    """A target's transform for another target: the same kind, for its common concentrations."""
    if target not in typical or of not in typical:
        return _INPUT_TRANSFORMS.get(target, Transform())
    ratio = typical[target] / typical[of]
    if rule.kind == "log":
        return Transform("log", rule.offset * ratio, rule.scale)
    return Transform("linear", rule.offset * ratio, rule.scale * ratio)
