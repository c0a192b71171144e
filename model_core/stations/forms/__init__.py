"""Published forms of station tables: how each is told by its header, and what its columns mean.

A form is data, one TOML file here; the code beside it only looks names up.
"""

from model_core.stations.forms.catalogue import NAMES, get, names_without_header, recognise
from model_core.stations.forms.form import Form
from model_core.stations.forms.shape import Shape, Species

__all__ = ["NAMES", "Form", "Shape", "Species", "get", "names_without_header", "recognise"]
