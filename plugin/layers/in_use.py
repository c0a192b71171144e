"""Which layers hold a file open: Windows lets nobody replace it then."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsProject, QgsProviderRegistry


def layers_showing(path: str | Path) -> list[str]:
    """Names of the project's layers that show the file, or a variable in it."""
    wanted, registry, names = Path(path).absolute(), QgsProviderRegistry.instance(), []
    for layer in QgsProject.instance().mapLayers().values():
        source = registry.decodeUri(layer.providerType(), layer.source()).get("path", "")
        if source and Path(source).absolute() == wanted:
            names.append(layer.name())
    return sorted(names)
