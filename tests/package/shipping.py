"""The checkout that is shipped from, and the tool that packs it."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def load_package_tool():
    """tools/package.py as a module."""
    spec = importlib.util.spec_from_file_location("package_tool", ROOT / "tools" / "package.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
