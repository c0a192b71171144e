"""Where results stand in the layer tree, and what the map shows when they are loaded."""

from __future__ import annotations

from qgis.core import QgsCoordinateTransform, QgsMapLayer, QgsProject, QgsReferencedRectangle

# Places of what a run loads; the largest is on top.
STATIONS, HATCHING, FIELD, UNCERTAINTY = 40, 30, 20, 10


def arrange(placed: dict[str, int]) -> None:
    """Put layers (id -> place) in the order of their places, each group of the tree by itself, where the uppermost of them stands.

    QGIS sorts what a run loads by a key, but inserts it the other way round where a layer is selected.
    """
    root, groups = QgsProject.instance().layerTreeRoot(), {}
    for node in root.findLayers():
        if node.layerId() in placed:
            groups.setdefault(id(node.parent()), (node.parent(), []))[1].append(node)
    for parent, nodes in groups.values():
        ordered = sorted(nodes, key=lambda node: -placed[node.layerId()])
        if [node.layerId() for node in ordered] != [node.layerId() for node in nodes]:
            parent.insertChildNodes(parent.children().index(nodes[0]), [node.clone() for node in ordered])
            for node in nodes:  # the project keeps a layer that the tree still holds
                parent.removeChildNode(node)


def fold_away(layer: QgsMapLayer) -> None:
    """Fold the layer's legend and take the layer off the map; it is there for those who look for it."""
    node = QgsProject.instance().layerTreeRoot().findLayer(layer.id())
    if node is not None:
        node.setExpanded(False)
        node.setItemVisibilityChecked(False)


def zoom_to(layer: QgsMapLayer) -> None:
    """Show the layer's extent on the map, and keep it as the project's; nothing happens to a layer that is in no project."""
    project = QgsProject.instance()
    if project.mapLayer(layer.id()) is None or layer.extent().isEmpty():
        return
    project.viewSettings().setDefaultViewExtent(QgsReferencedRectangle(layer.extent(), layer.crs()))
    from qgis.utils import iface  # there is one only in QGIS's windows

    if iface is not None and iface.mapCanvas() is not None:
        canvas = iface.mapCanvas()
        to_map = QgsCoordinateTransform(layer.crs(), canvas.mapSettings().destinationCrs(), project)
        canvas.setExtent(to_map.transformBoundingBox(layer.extent()) if to_map.isValid() else layer.extent())
        canvas.refresh()
