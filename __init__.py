"""CTM Reanalysis: scattered station readings become a complete, gridded air-quality field."""


def classFactory(iface):  # the name that QGIS looks for
    """The plugin, as QGIS loads it."""
    from .plugin.plugin import QgisPlugin

    return QgisPlugin(iface)
