"""The forms as a table for the documentation."""

from __future__ import annotations

import csv

from model_core.stations.forms.catalogue import NAMES, get
from model_core.stations.forms.form import Form
from model_core.stations.forms.names import find, is_expression, matches
from model_core.stations.forms.shape import Shape

_HEAD = "| `--from` | source | recognised by | species | as downloaded | command |\n|---|---|---|---|---|---|\n"


def table() -> str:
    """A Markdown table, a row per form in the order of their names."""
    return _HEAD + "".join(f"| {' | '.join(_cells(get(name)))} |\n" for name in NAMES)


def header_columns(shape: Shape, header: str) -> list[str]:
    """The names in a published header; of a file without one the cells of its first row."""
    return [name.strip() for name in next(csv.reader([header], delimiter=shape.separator))]


def _cells(form: Form) -> tuple[str, ...]:
    source = f"**{form.title}**: {form.about}. At {form.published}"
    recognised = "; or ".join(dict.fromkeys(map(_recognised, form.shapes)))
    cells = f"`{form.name}`", source, recognised, ", ".join(form.species), _works(form), _command(form)
    return tuple(cell.replace("|", "\\|") for cell in cells)


def _works(form: Form) -> str:
    about = [form.remedy] if form.remedy else []
    if any(shape.id_from == "file" for shape in form.shapes):
        about += ["a file's name is the station's code" + ("" if all(shape.id_from for shape in form.shapes) else " where no column is")]
    return ("y" if form.works else "n") + ("; " if about else "") + "; ".join(about)


def _command(form: Form) -> str:
    if all(shape.refuse for shape in form.shapes):
        return "refused"
    stated = any(
        shape.value or shape.hours or any(item.columns or item.stations for item in shape.species.values()) for shape in form.shapes
    )
    places = [_has_places(shape, header) for shape in form.shapes for header in shape.headers]
    sites = "" if all(places) else " [--sites FILE]" if any(places) else " --sites FILE"
    return f"`--stations FILE --from {form.name}{'' if stated else ' --value COL'}{sites}`"


def _has_places(shape: Shape, header: str) -> bool:
    return bool(shape.x) and find(shape.x, shape.column_names or header_columns(shape, header)) is not None


def _recognised(shape: Shape) -> str:
    if shape.column_names:
        return f"no header, {len(shape.column_names)} cells, the first such as `{header_columns(shape, shape.headers[0])[0]}`"
    groups = [" or ".join(_readable(name, shape) for name in group[:3]) + (" ..." if len(group) > 3 else "") for group in shape.any_of]
    return ", ".join([f"`{name}`" for name in shape.needs] + [f"({group})" if " or " in group else group for group in groups])


def _readable(name: str, shape: Shape) -> str:
    if not is_expression(name):
        return f"`{name}`"
    example = next((found[0][0] for header in shape.headers if (found := matches(name, header_columns(shape, header)))), None)
    return f"one such as `{example}`" if example else f"one as `{name}`"
