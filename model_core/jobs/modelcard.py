"""The card of a model, as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from model_core.atomic_file import atomic_file, check_target
from model_core.card import page_of, to_html, to_markdown
from model_core.errors import InputError
from model_core.jobs.requests import required
from model_core.model_file import find_model, load_model
from model_core.progress import Progress

_SUFFIXES = (".html", ".htm", ".md")


def run(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Write the page of `model` as one HTML file `out`; a name that ends in .md gives Markdown without pictures."""
    out = Path(required(request, "out"))
    if out.suffix.lower() not in _SUFFIXES:
        raise InputError(f"output '{out.name}': the name must end in {', '.join(_SUFFIXES)}")
    check_target(out)
    progress.step(0.05, "loading the model")
    file = find_model(request.get("model") or "bundled")
    model = load_model(str(file))
    progress.step(0.2, "drawing the pictures")
    markdown = out.suffix.lower() == ".md"
    page = page_of(model, file, with_pictures=not markdown)
    text = (to_markdown if markdown else to_html)(page.title, page.lead, page.blocks)
    progress.step(0.9, "writing")
    with atomic_file(out) as partial:
        partial.write_text(text, encoding="utf-8")
    progress.step(1.0, "done")
    return {
        "out": str(out),
        "model": {"name": model.name, "sha256": model.sha256},
        "target": model.card.get("target"),
        "created": model.card.get("created"),
        "scores": model.card.get("scores"),
    }
