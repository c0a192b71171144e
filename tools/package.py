"""Builds the plugin's zip from pb_tool.cfg, into .build/package.

pb_tool's own command `zip` asks a question, needs a zip program, writes into the user's QGIS profile first and takes
caches along; this script reads the same configuration and needs nothing but Python. The same files give the same zip.
"""

from __future__ import annotations

import configparser
import sys
import zipfile
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / ".build" / "package"
NEVER = ("*/__pycache__/*", "*.pyc", "*.partial", "*/.*", ".*")


def read_configuration() -> configparser.ConfigParser:
    """pb_tool.cfg; pb_tool writes `name: value`."""
    configuration = configparser.ConfigParser()
    configuration.read(ROOT / "pb_tool.cfg", encoding="utf-8")
    return configuration


def files_to_pack(configuration: configparser.ConfigParser) -> list[str]:
    """Paths below the root, sorted; raises `FileNotFoundError` naming what is missing."""
    section = configuration["files"]
    files = [name for key in ("python_files", "main_dialog", "extras") for name in section.get(key, "").split()]
    for folder in section.get("extra_dirs", "").split():
        found = [path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*") if path.is_file()]
        files += found or [folder]
    missing = [name for name in files if not (ROOT / name).is_file()]
    if missing:
        raise FileNotFoundError(f"pb_tool.cfg names what is not there: {', '.join(missing)}")
    unwanted = (*NEVER, *section.get("excluded_files", "").split())
    return sorted(name for name in set(files) if not any(fnmatch(name, pattern) for pattern in unwanted))


def version() -> str:
    """The plugin's version, as metadata.txt has it."""
    metadata = configparser.ConfigParser()
    metadata.read(ROOT / "metadata.txt", encoding="utf-8")
    return metadata["general"]["version"]


def build(out: Path = OUT) -> Path:
    """Write the zip and return its path."""
    configuration = read_configuration()
    name = configuration["plugin"]["name"]
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"{name}-{version()}.zip"
    partial = target.with_name(f".{target.name}.partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files_to_pack(configuration):
            # Fixed times and modes: the archive depends on the content alone.
            entry = zipfile.ZipInfo(f"{name}/{file}", (1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, (ROOT / file).read_bytes())
    partial.replace(target)
    return target


if __name__ == "__main__":
    try:
        print(build())
    except FileNotFoundError as error:
        sys.exit(str(error))
