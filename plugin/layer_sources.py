"""Where the features of a layer come from, and how many of them are used: never a password, a user or a server."""

from __future__ import annotations

import os
import re
from typing import Any

from qgis.core import (
    Qgis,
    QgsDataSourceUri,
    QgsFeatureRequest,
    QgsProcessingFeatureSource,
    QgsProcessingFeatureSourceDefinition,
    QgsProviderRegistry,
    QgsVectorLayer,
)

# Providers whose layers are tables of a server, and those that say what they are of it.
_TABLES, _TYPES = ("postgres", "mssql", "oracle", "hana"), ("WFS", "OAPIF")
# In a name that QGIS itself has made of a layer's address, which may hold a password.
_ADDRESS = re.compile(r"://|\S:\S*@|\b(dbname|service|host|user|username|password|uid|pwd|url|authcfg) ?=", re.IGNORECASE)


def file_of(layer: QgsVectorLayer) -> tuple[str, str]:
    """(file or folder on the disk, what in it is the layer, such as ``|layername=stations``); "" twice where it is of none."""
    parts = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
    path, inside, name = (str(parts.get(key) or "") for key in ("path", "vsiSuffix", "layerName"))
    if not path or not os.path.exists(path):
        return "", ""
    return os.path.abspath(path), inside + (f"|layername={name}" if name else "")


def layer_told(source: QgsProcessingFeatureSource, layer: QgsVectorLayer | None, chosen: Any = None) -> dict[str, Any]:
    """What the engine is told of a layer, under the keys of its `provenance.inputs`.

    `chosen` is the value of the parameter that names it, which may take a part of the layer alone. The features are those that filter and
    selection leave, of whatever day.
    """
    told: dict[str, Any] = {"name": source.sourceName(), "features": _count(source)}
    if layer is not None:
        file, inside = file_of(layer)
        told |= {"file": file, "inside": inside} if file else {"source": _of_no_file(layer)}
        if not file and _ADDRESS.search(told["name"]):
            told["name"] = told["source"]
        told |= {"filter": layer.subsetString(), "edited": layer.isModified()}
    if isinstance(chosen, QgsProcessingFeatureSourceDefinition):
        told |= {"selected": chosen.selectedFeaturesOnly, "expression": chosen.filterExpression, "at_most": max(chosen.featureLimit, 0)}
    return {key: value for key, value in told.items() if value or key in ("name", "features")}


def _of_no_file(layer: QgsVectorLayer) -> str:
    """The provider, and what is known by name there: a table, or the type of a service's features."""
    provider, uri = layer.providerType(), QgsDataSourceUri(layer.source())
    what = {
        **dict.fromkeys(_TABLES, ".".join(filter(None, (uri.schema(), uri.table())))),
        **dict.fromkeys(_TYPES, uri.param("typename")),
        **dict.fromkeys(("ogr", "delimitedtext"), layer.storageType()),
    }.get(provider, "")
    return f"{provider}: {'a query' if '(' in what else what}" if what else provider


def _count(source: QgsProcessingFeatureSource) -> int:
    """Number of features; they are counted where the provider does not know it."""
    count = source.featureCount()
    if count >= 0:
        return count
    request = QgsFeatureRequest().setNoAttributes().setFlags(Qgis.FeatureRequestFlag.NoGeometry)
    return sum(1 for _ in source.getFeatures(request, Qgis.ProcessingFeatureSourceFlag.SkipGeometryValidityChecks))
