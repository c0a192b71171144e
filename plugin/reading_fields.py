"""The fields with readings, times and weather of a layer, found where the user names none."""

from __future__ import annotations

import json
import struct
from pathlib import Path

from qgis.core import NULL, Qgis, QgsFeatureRequest, QgsProcessingFeatureSource, QgsVectorLayer
from qgis.PyQt.QtCore import QMetaType

from .engine.options import engine_options
from .field_names import DATE, NUMBER, OTHER, TEXT, FieldSample, Found, find_fields, tells_species
from .stations import text_of
from .translate import tr

SAMPLE = 200  # features that are looked at
MOST_WORDS = 100  # distinct texts of a field that may name the species row by row
_DATES = (QMetaType.Type.QDate, QMetaType.Type.QDateTime)
MODELS = Path(__file__).resolve().parent.parent / "resources" / "models"


def found_fields(source: QgsProcessingFeatureSource | QgsVectorLayer, species: str = "pm25") -> Found:
    """What the fields of a feature source (or layer) hold, by names, types and first values; see `find_fields`."""
    fields = source.fields()
    values: list[list[str]] = [[] for _ in fields]
    request = QgsFeatureRequest().setLimit(SAMPLE)
    request.setFlags(Qgis.FeatureRequestFlag.NoGeometry)
    for feature in source.getFeatures(request):
        for seen, value in zip(values, feature.attributes()):
            if value is not None and value != NULL and text_of(value).strip():
                seen.append(text_of(value))
    samples = []
    for number, (one, seen) in enumerate(zip(fields, values)):
        kind = NUMBER if one.isNumeric() else DATE if one.type() in _DATES else TEXT if one.type() == QMetaType.Type.QString else OTHER
        if kind == TEXT and tells_species(one.name()):  # all its words, not only those of the first rows
            seen = [*seen, *(text_of(value) for value in source.uniqueValues(number, MOST_WORDS) if value is not None and value != NULL)]
        samples.append(FieldSample(one.name(), kind, tuple(seen)))
    return find_fields(samples, species)


def told(found: Found, source_name: str) -> list[tuple[bool, str]]:
    """(whether it is a warning, sentence) for each choice that was made."""
    lines = []
    if found.value:
        text = (
            tr(
                "Field '{field}' of layer '{layer}' is taken for the reading: it is the only field of numbers that could be one. Choose "
                "another if it is not."
            )
            if found.doubtful
            else tr("Field '{field}' of layer '{layer}' is taken for the reading.")
        )
        lines.append((found.doubtful, text.format(field=found.value, layer=source_name)))
    if found.value and found.others:
        lines.append((False, tr("Other fields that could be the reading: {}.").format(", ".join(found.others))))
    for what, name in (
        (tr("time"), found.time),
        (tr("unit"), found.unit_field),
        (tr("relative humidity"), found.rh),
        (tr("wind speed"), found.wind),
    ):
        if name:
            lines.append((False, tr("Field '{field}' is taken for the {what}.").format(field=name, what=what)))
    if found.value and found.times:
        lines.append(
            (
                True,
                tr(
                    "No time of the reading was found, and all readings count as of one day. Fields that could hold their times: "
                    "{}. Choose one as 'Time of the reading'."
                ).format(", ".join(found.times)),
            )
        )
    if found.unit:
        lines.append((False, tr("The unit is taken to be {unit}, by the name of the field.").format(unit=found.unit)))
    if found.where:
        lines.append((False, tr("Rows with {} are kept.").format(found.where)))
    return lines


def model_names() -> list[str]:
    """Names of the model files that come with the plugin, `bundled` first, and of those in the folder of the options."""
    own = engine_options().models
    found = [path.stem for folder in (MODELS, *([Path(own)] if own else [])) for path in sorted(folder.glob("*.safetensors"))]
    return list(dict.fromkeys(found))


def target_of(model: str) -> str:
    """Key of the species that a model predicts, from the header of its file; "pm25" where the file can't be read here.

    The engine reads the file again and says what is wrong with it.
    """
    named = [folder / f"{model or 'bundled'}.safetensors" for folder in (MODELS, Path(engine_options().models or MODELS))]
    path = Path(model) if model.endswith(".safetensors") else next((one for one in named if one.is_file()), named[0])
    try:
        with open(path, "rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(min(length, 100_000_000)))
        about = json.loads(header["__metadata__"]["ctm_reanalysis"])
        return about["network"]["target"]
    except (OSError, ValueError, KeyError, TypeError, struct.error):
        return "pm25"
