"""The model card: what a model file says of itself, as one page for people.

`contents` reads a model and tells its story in blocks (`blocks`): paragraphs, tables, pictures. Whatever a model's card
holds under names that this software does not know becomes tables too (`tables`). `html` sets the blocks as one page
that needs no other file, `markdown` as text for a repository.
"""

from model_core.card.contents import Page, page_of
from model_core.card.html import to_html
from model_core.card.markdown import to_markdown

__all__ = ["Page", "page_of", "to_html", "to_markdown"]
