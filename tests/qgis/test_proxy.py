"""The proxy of QGIS's options is handed to what sets up the engine."""

from __future__ import annotations

import pytest
from qgis.core import QgsNetworkAccessManager, QgsSettings


@pytest.fixture
def proxy_settings(plugin):
    """Set the options under Network > Proxy; they are as before afterwards."""
    settings = QgsSettings()
    before = {
        key: settings.value(f"proxy/{key}") for key in ("proxyEnabled", "proxyType", "proxyHost", "proxyPort", "proxyUser", "proxyPassword")
    }

    def choose(values) -> None:
        for key, value in values.items():
            if value is None:
                settings.remove(f"proxy/{key}")
            else:
                settings.setValue(f"proxy/{key}", value)
        QgsNetworkAccessManager.instance().setupDefaultProxyAndCache()

    yield lambda **values: choose({f"proxy{key}": value for key, value in values.items()})
    choose(before)


def test_without_a_proxy_there_is_none(proxy_settings):
    from ctm_reanalysis.plugin.engine.qgis_side import proxy

    proxy_settings(Enabled=False, Type="HttpProxy", Host="a-proxy", Port="3128")
    assert proxy() == ("", "")


def test_an_http_proxy_is_an_address_with_its_port_name_and_password(proxy_settings):
    from ctm_reanalysis.plugin.engine.qgis_side import proxy

    proxy_settings(Enabled=True, Type="HttpProxy", Host="a-proxy", Port="3128", User="", Password="")
    assert proxy() == ("http://a-proxy:3128", "")
    proxy_settings(User="me@work", Password="a/b")
    assert proxy() == ("http://me%40work:a%2Fb@a-proxy:3128", "")


def test_the_systems_proxy_is_left_to_pip_and_one_for_socks_is_told_of(proxy_settings):
    from ctm_reanalysis.plugin.engine.qgis_side import proxy

    proxy_settings(Enabled=True, Type="DefaultProxy", Host="", Port="")
    assert proxy() == ("", "")
    proxy_settings(Type="Socks5Proxy", Host="a-proxy", Port="1080")
    address, refused = proxy()
    assert address == "" and "SOCKS5" in refused
