"""What a model does without: whether its training ever took an input away, and what is said where one is missing.

A network that always had humidity takes a map of zeros for very dry air everywhere. Only one that was trained with inputs
missing gives a sound field without them.
"""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from model_core.errors import InputError
from model_core.model_file import Model
from model_core.progress import Progress
from model_core.variables import get_variable

LEARNT, NEVER_LEARNT, NOT_SAID = "learnt", "never learnt", "not said"


def does_without(model: Model, name: str) -> str:
    """Whether the model's training had samples without an input: "learnt", "never learnt", or "not said" by its card.

    It had where whole variables (`remove_variable`) or maps (`remove_covariate`) were taken away at random, or where a data
    set had none. A model that was trained on from another is judged by its last training.
    """
    training = model.card.get("training") or {}
    is_map = get_variable(name).static
    removed = training.get("remove_covariate" if is_map else "remove_variable")
    key = "maps" if is_map else "variables"  # the maps of data sets are told since the cards have `missing_inputs`
    told = [source[key] for source in training.get("data") or [] if key in source]
    if removed or any(name not in names for names in told):
        return LEARNT
    return NOT_SAID if removed is None else NEVER_LEARNT


def require_inputs(model: Model, missing: Sequence[str], when: str = "") -> None:
    """Refuse to predict without inputs that the model never learnt to do without, unless its card says what that costs.

    Parameters
    ----------
    missing : keys of inputs that are not there
    when : such as "on 2019-01-05"; empty where it is obvious

    Raises
    ------
    InputError
        With the inputs and the remedies.
    """
    needed = [name for name in missing if does_without(model, name) == NEVER_LEARNT]
    if not needed or _measured(model.card, needed):
        return
    maps = [name for name in needed if get_variable(name).static]
    readings = [name for name in needed if name not in maps]
    remedies = [
        *([f"give readings of {' and '.join(readings)}"] if readings else []),
        *([f"give {' and '.join(maps)} in a covariates file"] if maps else []),
        "choose a model that was trained to do without, such as bundled",
        f"train one with {' and '.join(['remove_variable'] * bool(readings) + ['remove_covariate'] * bool(maps))} above 0",
    ]
    raise InputError(
        f"model '{model.name}' was never trained to do without {', '.join(needed)}, and there is none{' ' if when else ''}{when}: "
        f"{', or '.join(remedies)}"
    )


def tell_missing(model: Model, missing: Sequence[str], progress: Progress, when: str = "") -> None:
    """Say what a prediction did without: for the log where the model learnt to, a warning where it did not.

    Parameters
    ----------
    missing, when : as in `require_inputs`
    """
    by_state: dict[str, list[str]] = {}
    for name in missing:
        by_state.setdefault(does_without(model, name), []).append(name)
    for state, names in by_state.items():
        without = f"without {', '.join(names)}{' ' if when else ''}{when}"
        if state == LEARNT:
            progress.log(f"{without}: the model does without, less surely")
        elif state == NOT_SAID:
            progress.warn(f"{without}: the model file does not say whether the model was trained to do without; the field may be far off")
        else:
            cost = _measured(model.card, names) or "what that costs was not measured, and the field may be far off"
            progress.warn(f"{without}: the model was never trained to do without; {cost}")


def _measured(card: Mapping[str, Any], names: Sequence[str]) -> str:
    """What the card measured on held-out days without these inputs, in words; empty where it measured nothing of the kind."""
    entries = {frozenset(entry["without"].split(", ")): entry for entry in card.get("missing_inputs") or []}
    together = entries.get(frozenset(names))
    chosen = [together] if together else [entries.get(frozenset([name])) for name in names]
    if None in chosen:
        return ""
    unit = card.get("unit", "")
    return "; ".join(
        f"on held-out days its RMSE is {entry['rmse']:.3g} {unit} without {entry['without']}, {entry['rmse_with_all']:.3g} with all"
        for entry in chosen
    )
