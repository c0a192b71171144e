"""The QGIS side: everything here runs inside QGIS and computes nothing itself."""
