"""Writes a page for each algorithm of the plugin, from what the algorithm itself says in its dialog. Needs QGIS's Python.

python3 tools/reference/algorithms.py OUT
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from markdown import code, plain, table

ROOT = Path(__file__).resolve().parents[2]
# Commands that are not called as their algorithm is.
COMMANDS = {
    "trainmodel": "train",
    "reproducectm": "reproduce",
    "simulatectm": "simulate",
    "inspectctm": "inspect",
    "checkengine": "info",
    "readstations": "read-stations",
    "gridstations": "grid-stations",
    "reanalyseperiod": "reanalyse-period",
    "evaluatectm": "evaluate-ctm",
}
ONLY_IN_QGIS = {"loadreanalysis", "restyle", "setupengine"}


def start_qgis():
    """QGIS without a window, and the provider; the folder of the checkout may have any name."""
    from qgis.core import QgsApplication

    application = QgsApplication([], False)
    application.initQgis()
    sys.path.append(str(Path(QgsApplication.pkgDataPath()) / "python" / "plugins"))
    plugins = Path(tempfile.mkdtemp(prefix="ctm-reanalysis-plugins-"))
    (plugins / "ctm_reanalysis").symlink_to(ROOT, target_is_directory=True)
    sys.path.insert(0, str(plugins))
    from processing.core.Processing import Processing

    Processing.initialize()
    from ctm_reanalysis import classFactory

    plugin = classFactory(None)
    plugin.initProcessing()
    (plugins / "ctm_reanalysis").unlink()
    plugins.rmdir()
    return application, plugin


def page(algorithm) -> str:
    """The page of an algorithm."""
    from qgis.core import QgsProcessingParameterDefinition

    hidden, folded = QgsProcessingParameterDefinition.FlagHidden, QgsProcessingParameterDefinition.FlagAdvanced
    parameters = [p for p in algorithm.parameterDefinitions() if not p.flags() & hidden]
    basic, advanced = ([p for p in parameters if bool(p.flags() & folded) == fold] for fold in (False, True))
    name = algorithm.name()
    command = COMMANDS.get(name, name)
    where = "In QGIS only." if name in ONLY_IN_QGIS else f"On the command line: [`{command}`](../command_line.md#{command})."
    parts = [
        f"# {plain(algorithm.displayName())}",
        plain(algorithm.shortDescription()),
        f"Toolbox: *CTM Reanalysis > {plain(algorithm.group())}*. Id: `{algorithm.id()}`. {where}",
        f"![The dialog](../../images/dialogs/{name}.png)",
        "## Parameters",
        parameter_table(basic),
    ]
    if advanced:
        parts += ["## Advanced parameters", parameter_table(advanced)]
    outputs = algorithm.outputDefinitions()
    if outputs:
        rows = [(code(one.name()), plain(one.description()), plain(output_kind(one))) for one in outputs]
        parts += ["## Outputs", table(("Name", "What it is", "Kind"), rows)]
    return "\n\n".join(parts)


def parameter_table(parameters) -> str:
    """A row for each parameter: label, name, kind, default and help."""
    rows = [(f"**{plain(p.description())}**<br>{code(p.name())}", kind(p), default(p), plain(p.help())) for p in parameters]
    return table(("Parameter", "Kind", "Default", "What it does"), rows)


def kind(parameter) -> str:
    """What may be given: the choices of a choice, else the kind as QGIS calls it."""
    from qgis.core import QgsApplication, QgsProcessingParameterDefinition

    options = getattr(parameter, "options", None)
    if parameter.type() == "enum" and options:
        return "<br>".join(choice(option) for option in options())
    known = QgsApplication.processingRegistry().parameterType(parameter.type())
    optional = ", optional" if parameter.flags() & QgsProcessingParameterDefinition.FlagOptional else ""
    return plain((known.name() if known else parameter.type()).lower()) + optional


def choice(option: str) -> str:
    """The word of a choice as code, and what the dialog says of it."""
    word, _, text = option.partition(": ")
    return f"{code(word)} {plain(text)}".strip()


def default(parameter) -> str:
    """The default as it is written on a command line; '' for none."""
    value = parameter.defaultValue()
    if value is None or str(value) in ("", "NULL"):
        return ""
    return code(str(value).partition(": ")[0] if parameter.type() == "enum" else value)


def output_kind(output) -> str:
    """`outputRaster` as `raster`."""
    return output.type().removeprefix("output").lower()


def overview(algorithms) -> str:
    """All algorithms by group, each with what it does."""
    parts = [
        "# Algorithms",
        "Each page is made from the algorithm itself: labels, help, choices and defaults are those of its dialog and of "
        "`qgis_process help`. Parameters are given by name to `qgis_process`, to `processing.run` and in scripts.",
    ]
    groups = dict.fromkeys(algorithm.group() for algorithm in algorithms)
    for group in groups:
        rows = [
            (f"[{plain(one.displayName())}]({one.name()}.md)", code(one.name()), plain(one.shortDescription()))
            for one in algorithms
            if one.group() == group
        ]
        parts += [f"## {plain(group)}", table(("Algorithm", "Name", "What it does"), rows)]
    return "\n\n".join(parts)


def main(out: Path) -> None:
    """Write all pages into a folder."""
    application, plugin = start_qgis()
    out.mkdir(parents=True, exist_ok=True)
    from ctm_reanalysis.plugin.algorithms.groups import GROUPS
    from ctm_reanalysis.plugin.provider import ALGORITHMS

    order = list(GROUPS)
    algorithms = sorted((plugin.provider.algorithm(one.NAME) for one in ALGORITHMS), key=lambda one: order.index(one.groupId()))
    for algorithm in algorithms:
        (out / f"{algorithm.name()}.md").write_text(page(algorithm) + "\n", encoding="utf-8")
    (out / "index.md").write_text(overview(algorithms) + "\n", encoding="utf-8")
    plugin.unload()
    application.exitQgis()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
