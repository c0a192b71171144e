"""Files that another program has open can be read: HDF5's locks are left out.

QGIS 3.44 keeps HDF5's lock for writers on a NetCDF result that it has loaded, so that the engine could not read it. The locks
protect nothing of ours: what the engine writes has a hidden name until it is complete, and runs of one output are kept apart by
`file_lock`.
"""

from __future__ import annotations

import os


def leave_out_locks() -> None:
    """Before the HDF5 library is loaded, here or in a child process; what the user has set stays."""
    os.environ.setdefault("HDF5_USE_FILE_LOCKING", "FALSE")
