"""MkDocs takes the generated pages of .build/reference into the site, below reference/, and into its navigation."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

GENERATED = Path(__file__).resolve().parents[2] / ".build" / "reference"
SECTION = "Algorithms"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Below the section of the algorithms stands every page that was made."""
    for entry in config.nav or []:
        for items in entry.values():
            if isinstance(items, list) and SECTION in [key for item in items if isinstance(item, dict) for key in item]:
                position = next(index for index, item in enumerate(items) if isinstance(item, dict) and SECTION in item)
                pages = [path.name for path in _in_order(GENERATED / "algorithms")]
                items[position] = {SECTION: [f"reference/algorithms/{name}" for name in pages]}
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages."""
    for path in sorted(GENERATED.rglob("*.md")):
        name = f"reference/{path.relative_to(GENERATED).as_posix()}"
        files.append(File.generated(config, name, content=path.read_text(encoding="utf-8")))
    return files


def _in_order(folder: Path) -> list[Path]:
    """The overview, then the algorithms in its order."""
    overview = folder / "index.md"
    if not overview.exists():
        raise FileNotFoundError(f"{overview} is missing; build with 'make docs'")
    text = overview.read_text(encoding="utf-8")
    return sorted(folder.glob("*.md"), key=lambda path: (path != overview, text.find(f"({path.name})")))
