"""The story of a model in blocks: what it is and does, how well, what of, how to make it again, and where it fails."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model_core.applicability import SPACING_TOLERANCE, region_in_words
from model_core.card import pictures
from model_core.card.blocks import Block, Bullets, Code, Heading, Picture, Table, Text
from model_core.card.recipe import configuration_file
from model_core.card.tables import blocks_of, label, text_of
from model_core.evaluation.figures import pretty_unit
from model_core.model_file import Model
from model_core.provenance.writing import NAME
from model_core.variables import get_variable, known_variables

# Keys of the card that have a place of their own on the page; all others follow under their own names.
_PLACED = {
    "name",
    "created",
    "software",
    "target",
    "unit",
    "inputs",
    "ranges",
    "ranges_from",
    NAME,
    "cell_size_km",
    "training",
    "scores",
    "history",
    "kernels",
    "summary",
    "intended_use",
    "evaluation",
    "limits",
    "failures",
    "experiments",
    "licences",
    "recipe",
}
_PARTS = {"pointconv": "PointConv", "coarse": "far-reaching convolutions", "unet": "UNet++"}
_ERROR = "error"  # maps whose keys begin so show where a model errs


@dataclass(frozen=True)
class Page:
    """A title, the sentence under it, and the blocks."""

    title: str
    lead: str
    blocks: list[Block]


def page_of(model: Model, file: Path, with_pictures: bool = True) -> Page:
    """The page of a model that was read from `file`; `with_pictures` also draws."""
    card = model.card
    blocks: list[Block] = [
        *_facts(model, file),
        *_use(model),
        *_scores(model, with_pictures),
        *_limits(model),
        *_data(model),
        *_recipe(model, with_pictures),
        *_network(model, with_pictures),
    ]
    others = {key: value for key, value in card.items() if key not in _PLACED}
    for key, value in others.items():
        content = blocks_of(value)
        blocks += [Heading(_sentence_case(label(key))), *content] if content else []
    target = _name(model.configuration.target)
    lead = card.get("summary") or f"Makes complete fields of {target} from the readings of stations."
    return Page(f"Model card: {model.name}", lead, blocks)


def _facts(model: Model, file: Path) -> list[Block]:
    configuration, card, grid = model.configuration, model.card, model.grid
    weather = [_name(key) for key in configuration.station_variables if key != configuration.target]
    maps = [_name(key) for key in configuration.maps]
    weights = sum(parameter.numel() for parameter in model.network.parameters())
    rows = [
        ("Predicts", f"{_name(configuration.target)}, {pretty_unit(get_variable(configuration.target).unit)}"),
        ("Needs", f"station readings of {_name(configuration.target)}"),
        ("Uses where there are any", _used(weather, maps)),
        ("Trained for", f"cells of {grid.cell_size_km:g} km; {grid.shape[0]} × {grid.shape[1]} cells, {region_in_words(grid)}"),
        ("Size", f"{text_of(weights)} weights, {file.stat().st_size / 1e6:.1f} MB"),
        ("Made", f"{card.get('created', '–')} by {card.get('software', '–')}"),
        ("SHA-256 of the file", model.sha256),
        ("SHA-256 of its weights", model.weights_sha256),
    ]
    if "from" in card.get("training", {}):
        base = card["training"]["from"]
        rows.append(("Trained on from", f"{base.get('name')} ({base.get('sha256', '')[:12]})"))
    return [Table(tuple(rows))]


def _used(weather: list[str], maps: list[str]) -> str:
    if weather and maps:
        return f"readings of {_listed(weather)}; maps of {_listed(maps)}"
    return f"readings of {_listed(weather)}" if weather else f"maps of {_listed(maps)}" if maps else "–"


def _use(model: Model) -> list[Block]:
    target = _name(model.configuration.target)
    given = blocks_of(model.card.get("intended_use"))
    usual = Bullets(
        (
            f"Meant for complete maps of {target} of days that have been, wherever stations report: exposure, the view of an "
            "episode, series for comparison with a chemical transport model.",
            "It has learnt from modelled fields how such fields look, and takes the level of a day from the stations. No station's "
            "reading takes part in its training.",
            "Not a forecast, and no substitute for a measurement: where a decision hangs on one place, that place needs a station.",
        )
    )
    return [Heading("Use"), *(given or [usual])]


def _scores(model: Model, with_pictures: bool) -> list[Block]:
    card, unit = model.card, get_variable(model.configuration.target).unit
    blocks: list[Block] = [Heading("Scores")]
    if card.get("scores"):
        scores = {key: value for key, value in card["scores"].items() if key not in ("iteration", "loss")}
        at = card["scores"].get("iteration")
        blocks += [
            Text(
                f"On the days held out of its training, read at nominal stations only{f' (iteration {at})' if at else ''}; RMSE and MAE in {pretty_unit(unit)}."
            ),
            Table((tuple(map(text_of, scores.values())),), tuple(map(label, scores))),
        ]
    blocks += blocks_of(card.get("evaluation"))
    if with_pictures and model.maps:
        for key in sorted(model.maps.fields):
            if key.startswith(_ERROR):
                blocks.append(
                    Picture(pictures.map_picture(model.maps, key, unit), f"{_sentence_case(label(key))} ({pretty_unit(unit)})", 0.8)
                )
    if with_pictures:
        history = pictures.history_picture(model, unit)
        blocks += [Picture(history, "Training loss and error on the held-out days, over the training.", 0.9)] if history else []
    if len(blocks) == 1:
        blocks.append(Text("The file holds no scores: nothing is known about the model's skill."))
    return blocks


def _limits(model: Model) -> list[Block]:
    configuration, cell = model.configuration, model.grid.cell_size_km
    sentences = [
        f"On cells below {cell / SPACING_TOLERANCE:.0f} or above {cell * SPACING_TOLERANCE:.0f} km its skill is not known; a run there says so."
    ]
    if model.maps:
        covered = [_name(key) for key in configuration.maps if key in model.maps.fields]
        if covered:
            sentences.append(
                f"It carries {_listed(covered)} for {region_in_words(model.maps.grid)}. Elsewhere it works without, unless a file gives them."
            )
    if model.card.get("training", {}).get("stopped_at") is not None:
        sentences.append(f"Its training was stopped at iteration {model.card['training']['stopped_at']} and is not finished.")
    blocks: list[Block] = [Heading("Limits and known failures")]
    for key in ("limits", "failures"):
        given = model.card.get(key)
        if isinstance(given, (list, tuple)) and all(isinstance(entry, str) for entry in given):
            sentences = [*given, *sentences]
        elif given:
            blocks += blocks_of(given)
    return [*blocks, Bullets(tuple(sentences)), *_ranges(model)]


def _ranges(model: Model) -> list[Block]:
    """Between which values the training had each input."""
    ranges = model.card.get("ranges") or {}
    if not ranges:
        return []
    rows = tuple(
        (_sentence_case(_name(name)), *map(text_of, map(float, limits)), pretty_unit(get_variable(name).unit))
        for name, limits in ranges.items()
    )
    return [
        Text("In its training it has seen the values below. Readings and maps beyond them give a warning."),
        *(Text(str(sentence)) for sentence in model.card.get("ranges_from") or ()),
        Table(rows, ("Input", "Lowest", "Highest", "Unit")),
    ]


def _data(model: Model) -> list[Block]:
    sources = model.card.get("training", {}).get("data") or []
    blocks: list[Block] = [Heading("Training data and licences")]
    rows = tuple(
        (
            str(source.get("file", "–")),
            str(source.get("days", "–")),
            f"{source.get('first', '–')} to {source.get('last', '–')}",
            str(len(source.get("held_out", ()))),
            text_of(source.get("variables")),
        )
        for source in sources
    )
    if rows:
        blocks.append(Table(rows, ("Series", "Days", "Period", "Held out", "Variables")))
    described = Counter(
        text for source in sources for text in {source.get("source") or "", source.get("licence") or "", *source.get("notes", ())} if text
    )
    if described:
        blocks.append(Bullets(tuple(f"{count} of {len(sources)} series: {text}" for text, count in described.items())))
    if model.card.get("licences"):
        blocks += [Heading("Licences", 3), *blocks_of(model.card["licences"], 4)]
    if model.maps and model.maps.source:
        blocks.append(Text(f"Maps inside the file: {model.maps.source}."))
    return blocks


def _recipe(model: Model, with_pictures: bool) -> list[Block]:
    training = model.card.get("training", {})
    blocks: list[Block] = [Heading("How it was made, and how to make it again"), *blocks_of(model.card.get("recipe"))]
    if training:
        seed = training.get("seed", 0)
        blocks += [
            Text("This configuration trains the same network in the same way:"),
            Code(configuration_file(model.configuration, training)),
            Text("Save it as recipe.toml, and with the series above run"),
            Code(f"ctm-reanalysis train --ctm SERIES... --config recipe.toml --seed {seed} --out {model.name or 'model'}.safetensors"),
        ]
    if model.card.get(NAME):
        blocks += [
            Text("The run that trained it, with the SHA-256 of its inputs:"),
            Code(json.dumps(model.card[NAME], indent=1, ensure_ascii=False)),
        ]
    if model.card.get("experiments"):
        blocks += [Heading("What was tried", 3), *blocks_of(model.card["experiments"], 4)]
    return blocks


def _network(model: Model, with_pictures: bool) -> list[Block]:
    parts: Counter[str] = Counter()
    for name, parameter in model.network.named_parameters():
        parts[name.split(".")[0]] += parameter.numel()
    blocks: list[Block] = [
        Heading("Network"),
        Text(
            "Readings are spread over the grid by normalised convolutions with learnt kernels (PointConv), one pair for each "
            "station variable; a nested UNet++ makes the field of these and of the maps."
        ),
        Table(tuple((_PARTS.get(name, label(name)), text_of(count)) for name, count in parts.most_common()), ("Part", "Weights")),
    ]
    if with_pictures:
        blocks.append(Picture(pictures.kernels_picture(model), "What the kernels have learnt: the weight of a reading by where it lies."))
    kernels = model.card.get("kernels")
    if kernels and not with_pictures:
        blocks += blocks_of(kernels)
    if with_pictures and model.maps:
        for key in model.configuration.maps:
            if key in model.maps.fields:
                unit = get_variable(key).unit
                blocks.append(
                    Picture(pictures.map_picture(model.maps, key, unit), f"{_sentence_case(_name(key))}, as the file carries it.", 0.49)
                )
    return blocks


def _name(key: str) -> str:
    known = known_variables()
    return known[key].long_name if key in known else label(key)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _sentence_case(text: Any) -> str:
    return text[:1].upper() + text[1:]
