"""Where the engine's Python is found or created, and how it is talked to.

Nothing here needs QGIS but `qgis_side`, so that all of it is tested with plain Python.
"""
