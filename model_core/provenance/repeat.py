"""An output that is computed once more from what it says of its making, and compared with the first one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping

import netCDF4
import numpy as np
import rasterio

from model_core import __version__
from model_core.ctm.formats.netcdf_file import is_netcdf
from model_core.errors import InputError
from model_core.model_file import Model
from model_core.netcdf_check import check_netcdf
from model_core.netcdf_path import netcdf_path
from model_core.progress import Progress
from model_core.provenance.attributes import attributes_of, fields_at
from model_core.provenance.files import combined, files_named, short_name, with_files
from model_core.provenance.reading import read_record
from model_core.provenance.record import NOT_RECORDED, days_of, hashes_of, readings_sha256
from model_core.stations.gridding import GriddedReadings

SUFFIXES = (".tif", ".tiff", ".nc", ".zarr")
# On another device each cell may differ by this share of its value, or of the field's mean where that is larger.
TOLERANCE = 0.01
# What decides over the result: it is taken from the file, and may not be given anew. With what the command line says by itself.
_FIXED = {
    "date": None,
    "start": None,
    "end": None,
    "step": "day",
    "grid": "auto",
    "hours": None,
    "time_zone": None,
    "level": None,
    "uncertainty": "none",
    "analysis": "off",
    "precision": "auto",
    "background_variable": None,
    "background_lead_day": None,
}
# What else the command line says by itself, which is not asked for.
_DEFAULTS = {"from", "out", "json", "command"}
_BY_ITSELF = {"date_order": "auto", "wide": "auto", "model": "bundled", "device": "auto"}


def names_output(value: Any) -> bool:
    """Whether ``from`` names an output to repeat, and not the form of a table: by its ending, or as a folder of GeoTIFF."""
    if not isinstance(value, str) or not value:
        return False
    return value.lower().rstrip("/\\").endswith(SUFFIXES) or (Path(value).is_dir() and bool(fields_at(value)))


class Repetition:
    """The run that makes an output again.

    Parameters
    ----------
    asked : the request: the output's path under ``from``, ``out``, and for inputs that are elsewhere now their places
    command : the job that shall repeat it

    Attributes
    ----------
    file, record : of the output
    request : that repeats it

    Raises
    ------
    InputError
        If the output has no record, is of another command, an input is missing or has changed (which is said), or the request
        changes what decides over the result.
    """

    def __init__(self, asked: Mapping[str, Any], command: str, progress: Progress):
        self.file = Path(asked["from"])
        self.record = read_record(self.file)
        told = [attributes_of(file) for file in fields_at(self.file)]
        runs = len({(str(one.get("request")), str(one.get("inputs"))) for one in told})
        if runs > 1:
            progress.warn(f"the files in '{self.file}' are of {runs} runs; they are repeated as the last day's says")
        made_by = self.record.request["command"]
        if made_by != command:
            raise InputError(f"'{self.file}' was made by {made_by}; repeat it with that command")
        if asked.get("out") and Path(asked["out"]).absolute() == self.file.absolute():
            raise InputError(f"the output would replace '{self.file}', which it is compared with; choose another name")
        given = self._given(asked)
        recorded = {key: value for key, value in self.record.request.items() if key not in NOT_RECORDED}
        merged = {**recorded, **given}
        places = files_named({**recorded, **{key: value for key, value in given.items() if key in recorded}})
        known = {one["role"]: one for one in self.record.inputs}
        elsewhere = files_named(given)
        if "stations" in elsewhere:  # what was in the same table then is in it now
            shared = files_named(recorded)
            same = [role for role, path in shared.items() if path == shared["stations"]]
            elsewhere = {**dict.fromkeys(same, elsewhere["stations"]), **elsewhere}
            if "stations" in given.get("layers", {}):
                merged["layers"] = {**dict.fromkeys(same, given["layers"]["stations"]), **given["layers"]}
        if added := sorted(set(elsewhere) - set(files_named(recorded))):
            raise InputError(f"'{self.file.name}' was made without {', '.join(added)}; leave that out")
        days = days_of(recorded)
        found = {role: self._found(known.get(role, {"role": role}), path, elsewhere.get(role), days) for role, path in places.items()}
        merged = with_files(merged, lambda role, path: found.get(role, path))
        merged["model"] = str(self._model(asked, str(recorded.get("model", "bundled"))))
        self.request = {**merged, "out": asked.get("out")}
        if self.record.engine_version != __version__:
            progress.warn(
                f"'{self.file.name}' was made by version {self.record.engine_version}, and this is {__version__}: the result may differ"
            )

    def require_model(self, model: Model) -> None:
        """Raise `InputError` if the model is not the one that made the output."""
        if model.sha256 != self.record.model_sha256:
            raise InputError(
                f"can't repeat '{self.file.name}': it was made with model {self.record.model_name} of SHA-256 {self.record.model_sha256[:12]}, "
                f"and the model '{model.name}' here has {model.sha256[:12]}; name the file of that model with --model"
            )

    def require_readings(self, readings: Mapping[str, GriddedReadings]) -> None:
        """Raise `InputError` if other readings are used than those that made the output."""
        now = {name: readings_sha256(one) for name, one in readings.items()}
        for name in sorted({*now, *self.record.readings_sha256}):
            if now.get(name) != self.record.readings_sha256.get(name):
                what = (
                    "are none now" if name not in now else "were none then" if name not in self.record.readings_sha256 else "have changed"
                )
                raise InputError(
                    f"can't repeat '{self.file.name}': its readings of {name} {what}; give the table or layer that they were read from"
                )

    def tell_machine(self, computed_with: Mapping[str, str], progress: Progress) -> None:
        """Warn of what this run has otherwise than the one that made the output: device, precision, processor, libraries (`record.machine`)."""
        then = self.record.computed_with
        others = [f"{key} {then[key]} then and {value} now" for key, value in computed_with.items() if then.get(key, value) != value]
        if others:
            progress.warn(f"'{self.file.name}' was computed otherwise: {', '.join(others)}; the result may differ in its last digits")

    def compare(self, fields: Mapping[str, np.ndarray], progress: Progress) -> dict[str, Any]:
        """How far new fields (by name, each (rows, columns)) are from those in the output; told in the log, or as a warning.

        Returns
        -------
        dict
            ``file``, ``identical``, ``largest_difference`` in the fields' unit, ``within_tolerance``.
        """
        return self.tell([difference(self._fields(list(fields)), fields)], progress)

    def tell(self, differences: list[tuple[bool, float, bool]], progress: Progress) -> dict[str, Any]:
        """As `compare`, from the `difference` of each step."""
        identical, within = all(one[0] for one in differences), all(one[2] for one in differences)
        largest = max((one[1] for one in differences), default=0.0)
        if identical:
            progress.log(f"the result is that of '{self.file.name}' bit for bit")
        else:
            told = f"the result differs from '{self.file.name}' by up to {largest:.3g}"
            if within:
                progress.log(f"{told}: within the tolerance of {TOLERANCE:.0%} between machines")
            else:
                progress.warn(f"{told}: more than the {TOLERANCE:.0%} that machines may differ by")
        return {"file": str(self.file), "identical": identical, "largest_difference": largest, "within_tolerance": within}

    def _given(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """What the request says beside ``from`` and ``out``, without what the command line says by itself."""
        given = {}
        for key, value in asked.items():
            if key in _DEFAULTS or value in (None, "", [], False) or value == _BY_ITSELF.get(key) or value == _FIXED.get(key):
                continue
            if key in _FIXED and value != self.record.request.get(key):
                raise InputError(
                    f"--{key.replace('_', '-')} can't be changed where an output is repeated: '{self.file.name}' was made with "
                    f"{self.record.request.get(key, 'its default')}; leave it out"
                )
            given[key] = value
        return given

    def _model(self, asked: Mapping[str, Any], recorded: str) -> str:
        given = asked.get("model")
        if given and given != _BY_ITSELF["model"]:
            return str(given)
        return next((str(place) for place in self._places(recorded) if place.is_file()), recorded)

    def _places(self, name: str) -> list[Path]:
        """Where a file may be that is not said to be elsewhere: as recorded if that is a full path, beside the output, in the current folder."""
        return [Path(name)] if Path(name).is_absolute() else [self.file.absolute().parent / name, Path.cwd() / name]

    def _found(self, entry: Mapping[str, Any], name: str, given: str | None, days: tuple) -> str:
        """The place of an input that is what it was; `InputError` if there is none."""
        option = "--background" if entry["role"].startswith("background") else f"--{entry['role'].replace('_', '-')}"
        if "layer" in entry:
            if given:
                return given  # the readings decide: `require_readings`
            layer = entry["layer"] + (f" ({entry['source']})" if entry.get("source") else "")
            raise InputError(
                f"can't repeat '{self.file.name}': its {entry['role']} came from the QGIS layer '{layer}'; choose that layer "
                f"in QGIS, or name its file with {option}"
            )
        changed = ""
        for place in [given] if given else map(str, self._places(name)):
            try:
                hashes = hashes_of(place, days)
            except InputError:
                continue
            if combined(hashes) == entry.get("sha256"):
                return place
            changed = changed or _changed(place, hashes, entry)
        if changed:
            raise InputError(f"can't repeat '{self.file.name}': {changed}; name the unchanged one with {option}")
        where = (
            f"'{given}' does not exist"
            if given
            else (
                f"'{short_name(name)}' is neither beside it nor in the current folder"
                if not Path(name).is_absolute()
                else f"'{name}' is gone"
            )
        )
        raise InputError(
            f"can't repeat '{self.file.name}': its {entry['role']} ({entry.get('name', name)}, SHA-256 {str(entry.get('sha256'))[:12]}) "
            f"is missing: {where}; say where it is now with {option}"
        )

    def _fields(self, names: list[str]) -> dict[str, np.ndarray]:
        """The fields in the output, each (rows, columns)."""
        try:
            if self.file.suffix.lower() == ".nc" or is_netcdf(self.file):
                check_netcdf(self.file)
                with netCDF4.Dataset(netcdf_path(self.file)) as data:
                    data.set_auto_mask(False)
                    return {name: np.asarray(data[name][:]).reshape(data[name].shape[-2:]) for name in names}
            with rasterio.open(self.file) as raster:
                return {name: raster.read(band) for band, name in enumerate(names, start=1)}
        except (IndexError, KeyError, RuntimeError, OSError, ValueError, rasterio.errors.RasterioError) as error:
            raise InputError(f"'{self.file}' lacks a field or can't be read ({error}); take another copy of it") from error


def difference(before: Mapping[str, np.ndarray], now: Mapping[str, np.ndarray]) -> tuple[bool, float, bool]:
    """Whether two sets of fields are the same to the last bit, their largest difference, and whether it is within `TOLERANCE`."""
    identical, largest, within = True, 0.0, True
    for name, field in now.items():
        old, new = before[name].astype(float), np.asarray(field, np.float32).astype(float)
        if old.shape != new.shape or not np.array_equal(np.isnan(old), np.isnan(new)):
            return False, float("inf"), False
        if np.array_equal(old, new, equal_nan=True):
            continue
        apart = np.abs(old - new)
        allowed = TOLERANCE * np.maximum(np.abs(old), np.nanmean(np.abs(old)))
        identical, largest = False, max(largest, float(np.nanmax(apart)))
        within = within and bool((apart <= allowed)[np.isfinite(apart)].all())
    return identical, largest, within


def _changed(place: str, hashes: Mapping[str, str], entry: Mapping[str, Any]) -> str:
    """What is other than it was."""
    before = entry.get("files") or {}
    if before:
        names = sorted(name for name in {*before, *hashes} if before.get(name) != hashes.get(name))
        listed = ", ".join(f"'{name}'" for name in names[:5]) + (f" and {len(names) - 5} more" if names[5:] else "")
        return f"in its {entry['role']} '{place}' {listed} changed since"
    return f"its {entry['role']} '{place}' changed since: its SHA-256 was {str(entry.get('sha256'))[:12]} and is {combined(hashes)[:12]}"
