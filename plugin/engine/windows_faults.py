"""Windows' refusals to load a library or start a program, and what helps."""

from __future__ import annotations

import re

if __package__:
    from .qgis_side import tr
else:
    from qgis_side import tr

_DLL_NOT_FOUND = 0xC0000135


def remedy_of(text: str, status: int = 0) -> str:
    """What helps against a fault that shows in a program's last words or its exit status; '' where it is none of these."""
    if re.search(r"WinError (4551|1260)\b|Application Control policy|blocked by group policy", text):
        return tr(
            "Windows' application control does not let the engine's files run. Ask your administrator to allow the folder of the "
            "engine, or choose a folder that is allowed under 'Folder of the environment' of 'Set up engine'."
        )
    if re.search(r"WinError 193\b|is not a valid Win32 application", text):
        return tr(
            "A library is for another kind of processor than its Python. Run 'Set up engine' with 'Make it anew', from a 64-bit Python."
        )
    if (
        re.search(r"WinError (126|127|1114)\b|DLL load failed|Visual C\+\+ Redistributable is not installed", text)
        or status & 0xFFFFFFFF == _DLL_NOT_FOUND
    ):
        return tr(
            "A DLL can't be loaded. Most often Microsoft's Visual C++ runtime is missing or too old: install the newest 'Microsoft "
            "Visual C++ Redistributable' for x64 from Microsoft, restart QGIS and try again. If that does not help, run 'Set up "
            "engine' with 'Make it anew'."
        )
    return ""
