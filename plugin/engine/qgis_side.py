"""The two things that the engine's side of the plugin asks of QGIS: its setting and its proxy.

Outside QGIS (command line set-up, tests) there is no setting; QGIS is never imported for them, which alone would take longer than
finding that an environment is ready.
"""

from __future__ import annotations

import sys
from urllib.parse import quote

if __package__:
    from .language import tr
else:  # `environment.py` run as a script
    from language import tr

__all__ = ["SETTING", "engine_setting", "proxy", "tr"]
SETTING = "ctm_reanalysis/engine_python"


def engine_setting() -> str:
    """The interpreter that the user chose in the provider's options; empty if none."""
    core = sys.modules.get("qgis.core")
    return str(core.QgsSettings().value(SETTING, "") or "").strip() if core else ""


def proxy() -> tuple[str, str]:
    """The proxy of QGIS's options as an address that pip and uv take, '' where there is none; and, if it can't be used, why.

    A proxy "of the system" is none here: pip looks for that itself.
    """
    core = sys.modules.get("qgis.core")
    if core is None or not core.QgsSettings().value("proxy/proxyEnabled", False, type=bool):
        return "", ""
    settings = core.QgsSettings()
    kind, host = (str(settings.value(f"proxy/{name}", "") or "") for name in ("proxyType", "proxyHost"))
    if kind == "DefaultProxy" or not host:
        return "", ""
    if kind == "Socks5Proxy":
        return "", tr("QGIS's SOCKS5 proxy can't be used for setting up the engine; it is tried without.")
    fallback = core.QgsNetworkAccessManager.instance().fallbackProxy()  # knows a name and password from QGIS's password store
    name, word = fallback.user(), fallback.password()
    login = f"{quote(name, safe='')}:{quote(word, safe='')}@" if name else ""
    port = str(settings.value("proxy/proxyPort", "") or "")
    return f"http://{login}{host}{f':{port}' if port else ''}", ""
