"""The HDF5 library, which is under every NetCDF file, is used by one thread at a time.

It is not safe for threads, and netCDF4 lets others run while it reads or writes: a period that writes NetCDF in one thread while
another reads a background failed now and then with "NetCDF: HDF error".
"""

from __future__ import annotations

import threading

HDF5 = threading.RLock()  # held by whoever opens, reads, writes or closes a NetCDF file where another thread may do so too
