"""What QGIS's plugin repository asks of a zip, and what of it a zip does not meet.

    python3 tools/repository_rules.py ZIP

The rules are those of its validator: one folder, no hidden or compiled files, 25 MB at most, complete metadata with addresses that can be reached.
"""

from __future__ import annotations

import configparser
import re
import sys
import zipfile
from pathlib import Path, PurePosixPath

LARGEST = 25 * 1024 * 1024
NEEDED = ("name", "description", "about", "version", "qgisMinimumVersion", "author", "license")
ADDRESSES = ("email", "homepage", "repository", "tracker")
# Names that RFC 2606 keeps for examples: no letter arrives there.
PLACEHOLDER = re.compile(r"(\.(example|invalid|test|localhost)\b|\bexample\.(com|net|org)\b|your[-_.]?(name|email|domain))", re.IGNORECASE)
UNWANTED = re.compile(r"(^|/)(\.|__MACOSX|__pycache__|Thumbs\.db)|\.(pyc|pyo|so|dll|dylib|exe)$")


def faults(path: Path) -> dict[str, str]:
    """What is wrong, by what it is wrong with: a key of the metadata, `files` or `size`."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        folders = {PurePosixPath(name).parts[0] for name in names}
        if len(folders) != 1:
            return {"files": f"the zip must hold one folder, and holds {', '.join(sorted(folders))}"}
        folder = folders.pop()
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", folder):
            found["files"] = f"the folder's name '{folder}' must be of ASCII letters, digits, - and _"
        for name in ("__init__.py", "metadata.txt", "LICENSE"):
            if f"{folder}/{name}" not in names:
                found["files"] = f"{name} is missing"
        unwanted = [name for name in names if UNWANTED.search(name)]
        if unwanted:
            found["files"] = f"hidden or compiled files: {', '.join(unwanted[:5])}"
        metadata = configparser.ConfigParser(interpolation=None)
        metadata.read_string(archive.read(f"{folder}/metadata.txt").decode("utf-8"))
    if path.stat().st_size > LARGEST:
        found["size"] = f"{path.stat().st_size / 1024**2:.1f} MB are more than {LARGEST / 1024**2:.0f} MB"
    values = metadata["general"]
    found |= {key: "is missing" for key in (*NEEDED, *ADDRESSES) if not values.get(key, "").strip()}
    found |= {key: f"'{values[key]}' is a placeholder" for key in ADDRESSES if PLACEHOLDER.search(values.get(key, ""))}
    return found


if __name__ == "__main__":
    wrong = faults(Path(sys.argv[1]))
    for what, why in wrong.items():
        print(f"{what}: {why}")
    sys.exit(bool(wrong))
