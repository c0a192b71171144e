"""Draw the models of the graphical modeler as QGIS's model designer shows them: a PNG for each in docs/images.

QT_QPA_PLATFORM=offscreen /usr/bin/python3 tools/draw_models.py [MODEL.model3 ...]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingModelAlgorithm
from qgis.gui import QgsModelGraphicsScene
from qgis.PyQt.QtCore import QRectF, Qt
from qgis.PyQt.QtGui import QImage, QPainter

ROOT = Path(__file__).resolve().parents[1]
MODELS, PICTURES = ROOT / "resources" / "modeler", ROOT / "docs" / "images"
SCALE = 1.1


def main(names: list[str]) -> int:
    application = QgsApplication([], True)  # with fonts
    application.initQgis()
    plugin = _plugin()
    for path in [Path(name) for name in names] or sorted(MODELS.glob("*.model3")):
        draw(path, PICTURES / f"model_{path.stem}.png")
    plugin.unload()
    application.exitQgis()
    return 0


def draw(path: Path, picture: Path) -> None:
    """Draw one model; `RuntimeError` if QGIS can't read it or write the picture."""
    model, context = QgsProcessingModelAlgorithm(), QgsProcessingContext()
    if not model.fromFile(str(path)):
        raise RuntimeError(f"{path} can't be read")
    scene = QgsModelGraphicsScene()
    scene.setFlags(QgsModelGraphicsScene.Flag.FlagHideControls)
    scene.setModel(model)
    scene.createItems(model, context)
    area = scene.itemsBoundingRect().adjusted(-15, -15, 15, 15)
    image = QImage(round(area.width() * SCALE), round(area.height() * SCALE), QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    scene.render(painter, QRectF(image.rect()), area)
    painter.end()
    if not image.save(str(picture)):
        raise RuntimeError(f"{picture} can't be written")
    print(f"{picture.relative_to(ROOT)}: {picture.stat().st_size} bytes")


def _plugin():
    """The plugin, registered: without it QGIS does not know the steps of the models."""
    sys.path.append(f"{QgsApplication.pkgDataPath()}/python/plugins")
    folder = Path(tempfile.mkdtemp())
    (folder / "ctm_reanalysis").symlink_to(ROOT, target_is_directory=True)
    sys.path.insert(0, str(folder))
    from processing.core.Processing import Processing

    Processing.initialize()
    from ctm_reanalysis import classFactory

    plugin = classFactory(None)
    plugin.initProcessing()
    return plugin


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
