"""A PostgreSQL server with PostGIS, made in a temporary folder and taken away afterwards."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Iterator

USER, PORT = "ctm", 5432


def programs() -> Path | None:
    """Folder of the newest PostgreSQL with PostGIS on this machine; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    for initdb in reversed(found):
        if Path("/usr/share/postgresql", initdb.parts[4], "extension", "postgis.control").exists():
            return initdb.parent
    return None


@contextlib.contextmanager
def postgis_server(folder_of_programs: Path) -> Iterator[str]:
    """Start the server; the connection for a QGIS data source, with a database that knows PostGIS."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path must be short, and the server's user must get there
    data, as_user = folder / "data", []
    if os.geteuid() == 0:  # the server refuses to run as root
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        as_user = ["runuser", "-u", "postgres", "--"]

    def call(name: str, *arguments: str) -> None:
        command = [*as_user, str(folder_of_programs / name), *arguments]
        with open(folder / "log", "ab") as log:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd="/", timeout=60)
        if done.returncode:
            raise RuntimeError(f"{command}: {(folder / 'log').read_text()[-2000:]}")

    try:
        call("initdb", "-D", str(data), "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        how = f"-k {folder} -p {PORT} -c listen_addresses= -c fsync=off"
        call("pg_ctl", "-D", str(data), "-w", "-o", how, "-l", str(data / "server.log"), "start")
        try:
            call("createdb", "-h", str(folder), "-p", str(PORT), "-U", USER, "air")
            call("psql", "-h", str(folder), "-p", str(PORT), "-U", USER, "-d", "air", "-q", "-c", "create extension postgis")
            yield f"dbname='air' host='{folder}' port={PORT} user='{USER}' sslmode=disable"
        finally:
            call("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
