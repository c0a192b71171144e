"""Files from strangers are data: none of them runs code, writes elsewhere, reaches the network or fills the memory."""

import ast
import http.server
import json
import os
import pickle
import stat
import subprocess
import sys
import tempfile
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest

from model_core.atomic_file import atomic_file
from model_core.ctm.formats.opening import open_fields
from model_core.errors import InputError
from model_core.stations.files import compressed
from model_core.stations.table_files import open_table
from model_core.temporary_folder import IN_USE
from plugin.engine.client import job_folder

ROOT = Path(__file__).resolve().parents[2]
UNPICKLERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "marshal", "shelve", "joblib", "jsonpickle", "yaml", "tarfile"}
# Packs and unpacks this process's own task for the workers of a cluster, and nothing that was read; bandit's nosec says so there.
OWN_PICKLES = {"model_core/period/cluster.py"}
PORTS = {"socketserver", "http.server", "xmlrpc.server", "aiohttp", "flask", "multiprocessing.managers"}


def test_nothing_is_unpickled_and_no_text_is_evaluated():
    sources = {path.relative_to(ROOT).as_posix(): path for folder in ("plugin", "model_core") for path in (ROOT / folder).rglob("*.py")}
    found = {name: dangers(path.read_text(encoding="utf-8"), name in OWN_PICKLES) for name, path in sources.items()}
    assert len(found) > 200 and {name: lines for name, lines in found.items() if lines} == {}


def dangers(text, own_pickles=False):
    """What in a source could run what was read: lines with the name of it."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            found += [(node.lineno, name) for name in names if name.split(".")[0] in UNPICKLERS and not own_pickles or name in PORTS]
        if not isinstance(node, ast.Call):
            continue
        words = {keyword.arg: keyword.value for keyword in node.keywords}
        owner, name = (
            (getattr(node.func.value, "id", ""), node.func.attr)
            if isinstance(node.func, ast.Attribute)
            else ("", getattr(node.func, "id", ""))
        )
        on = {key for key, value in words.items() if getattr(value, "value", None) is True}
        if not owner and name in {"eval", "exec", "compile", "__import__"} and not isinstance(node.func, ast.Attribute):
            found.append((node.lineno, name))
        if (owner, name) in {
            ("torch", "load"),
            ("os", "system"),
            ("os", "popen"),
            ("pd", "eval"),
            ("pd", "read_pickle"),
            ("tempfile", "mktemp"),
        }:
            found.append((node.lineno, f"{owner}.{name}"))
        if "allow_pickle" in on or "shell" in on or name in {"extractall", "unpack_archive"}:
            found.append((node.lineno, name))
        if name == "query" and node.args and not isinstance(node.args[0], ast.Constant) and owner not in ("tree",) and not _is_tree(node):
            found.append((node.lineno, "query of a text that is put together"))
    return found


def _is_tree(node):
    return isinstance(node.func.value, ast.Call) and getattr(node.func.value.func, "id", "") == "cKDTree"


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from dill import loads",
        "eval(cell)",
        "torch.load(path)",
        "np.load(path, allow_pickle=True)",
        "frame.query(text)",
        "subprocess.run(line, shell=True)",
        "archive.extractall(folder)",
        "import http.server",
        "import yaml",
    ],
)
def test_the_scan_sees_what_it_looks_for(text):
    assert dangers(text)


@pytest.mark.parametrize("kind", ["compressor", "filter", "second filter", "objects"])
def test_a_zarr_store_with_a_pickle_in_it_is_refused_and_not_run(tmp_path, kind):
    """Zarr's format 2 knows a codec "pickle", by which a store would run whatever it holds."""
    import zarr

    store, mark = tmp_path / "evil.zarr", tmp_path / "it ran"
    group = zarr.open_group(store, mode="w", zarr_format=2)
    field = group.create_array("PM25", shape=(2, 3, 4), dtype="f4")
    field.attrs.update({"_ARRAY_DIMENSIONS": ["time", "y", "x"], "units": "ug m-3"})
    codec = {"id": "pickle", "protocol": 2}
    about = {
        "zarr_format": 2,
        "shape": [2],
        "chunks": [2],
        "dtype": "|O" if kind == "objects" else "<f8",
        "fill_value": None,
        "order": "C",
        "compressor": codec if kind == "compressor" else None,
        "filters": {"filter": [codec], "objects": [codec], "second filter": [{"id": "delta", "dtype": "<f8"}, codec]}.get(kind),
    }
    (store / "time").mkdir()
    (store / "time" / ".zarray").write_text(json.dumps(about))
    (store / "time" / ".zattrs").write_text('{"_ARRAY_DIMENSIONS": ["time"]}')
    (store / "time" / "0").write_bytes(pickle.dumps([np.array([_Runs(mark), 1], dtype=object)]))
    with pytest.raises(InputError, match="damaged or incomplete Zarr store"):
        open_fields(store).load()
    assert not mark.exists()


class _Runs:
    """Makes a file when it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return open, (str(self.mark), "w")


@pytest.mark.parametrize(
    "member", ["../outside.gpkg", "a/../../outside.gpkg", "/tmp/outside-of-all.gpkg", r"..\outside.gpkg", r"C:\outside.gpkg"]
)
def test_a_member_of_an_archive_is_never_written_outside_its_folder(tmp_path, member, monkeypatch):
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    archive = tmp_path / "stations.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(zipfile.ZipInfo(member), b"what it holds")
    before = set(tmp_path.rglob("*"))
    written, folder = compressed.unpacked(archive, compressed.members_of(archive)[0])
    assert folder.path in written.parents and folder.path.parent == place
    new = set(tmp_path.rglob("*")) - before
    assert new == {folder.path, folder.path / IN_USE, written} and not Path("/tmp/outside-of-all.gpkg").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows protects the user's folder by access lists")
def test_what_is_written_for_a_moment_is_for_its_user_alone(tmp_path):
    archive = tmp_path / "stations.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("stations.gpkg", b"x")
    _, unpacked = compressed.unpacked(archive, "stations.gpkg")
    with job_folder() as handed_over:
        for folder in (unpacked.path, handed_over):
            assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700


def test_a_link_in_the_place_of_an_unfinished_output_is_not_followed(tmp_path):
    """In a folder that others write to, someone could lay a link where the output is written until it is complete."""
    victim, out = tmp_path / "victim", tmp_path / "out.tif"
    victim.write_text("precious")
    (tmp_path / ".out.tif.partial").symlink_to(victim)
    with atomic_file(out) as partial:
        partial.write_bytes(b"field")
    assert victim.read_text() == "precious" and out.read_bytes() == b"field" and not out.is_symlink()


def test_a_workbook_that_swells_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", "<Types/>")
        with file.open("xl/worksheets/sheet1.xml", "w") as sheet:
            for _ in range(300):
                sheet.write(bytes(1_000_000))
    with pytest.raises(InputError, match="unpacks to 0.3 GB, which no table of its size does"):
        open_table(path)


LETTERS = "abcdefghij"  # each entity is ten of the one before it: the last is ten thousand million letters
ENTITIES = "".join(
    ['<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">']
    + [f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip(LETTERS, LETTERS[1:])]
    + ["]>\n"]
)


def test_entities_of_xml_neither_swell_nor_read_other_files(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("do-not-tell")
    outside = f'<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY file SYSTEM "{secret.as_uri()}">]>\n'
    collection = '<gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml"><gml:featureMember><a><n>{}</n></a></gml:featureMember></gml:FeatureCollection>'
    texts = {
        "bomb.kml": f'{ENTITIES}<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><name>&j;</name>'
        "<Point><coordinates>1,2</coordinates></Point></Placemark></kml>",
        "bomb.gml": ENTITIES + collection.format("&j;"),
        "outside.gml": outside + collection.format("&file;"),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))\n"
        "from pathlib import Path; from model_core.stations.table_files import open_table; from model_core.errors import InputError\n"
        "for path in map(Path, sys.argv[1:]):\n"
        "    try: print(path.name, [part[0].to_string() for part in open_table(path).parts()])\n"
        "    except InputError as error: print(path.name, 'refused', error)\n"
    )
    paths = [str(tmp_path / name) for name in texts]
    answer = subprocess.run([sys.executable, "-c", code, *paths], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stderr
    assert all(f"{name} " in answer.stdout for name in texts)
    assert "do-not-tell" not in answer.stdout and len(answer.stdout) < 10_000


@pytest.fixture
def web():
    """A web server on this machine, and the paths that were asked for."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    server.server_close()


VRT_OF_POINTS = (
    '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/vsicurl/{url}/x.geojson</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
)
# Files under common names that name an address: drivers for what they are in truth would ask there.
NAMING = {
    "stations.csv": VRT_OF_POINTS,
    "stations.geojson": VRT_OF_POINTS,
    "maps.tif": '<VRTDataset rasterXSize="20" rasterYSize="20"><SRS>EPSG:4326</SRS><GeoTransform>100,1,0,40,0,-1</GeoTransform>'
    '<VRTRasterBand dataType="Float32" band="1"><Description>elevation</Description><SimpleSource>'
    "<SourceFilename>/vsicurl/{url}/x.tif</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>",
    "wms.tif": '<GDAL_WMS><Service name="TMS"><ServerUrl>{url}/${{z}}/${{x}}/${{y}}.png</ServerUrl></Service><DataWindow><UpperLeftX>-20037508'
    "</UpperLeftX><UpperLeftY>20037508</UpperLeftY><LowerRightX>20037508</LowerRightX><LowerRightY>-20037508</LowerRightY><TileLevel>2"
    "</TileLevel></DataWindow><Projection>EPSG:3857</Projection><BlockSizeX>256</BlockSizeX><BlockSizeY>256</BlockSizeY>"
    "<BandsCount>1</BandsCount></GDAL_WMS>",
}


def test_a_file_that_names_an_address_does_not_have_it_asked(tmp_path, web):
    """Each is given to its command, all in one process: a start takes longer than all of them."""
    url, asked = web
    commands = []
    for name, text in NAMING.items():
        (tmp_path / name).write_text(text.format(url=url))
        commands.append(
            ["grid-stations", "--stations", name, "--value", "x", "--out", "g.tif"]
            if name.startswith("stations")
            else ["covariates", "--dem", name, "--grid", "100,20,110,30,1@EPSG:4326", "--out", "g.tif"]
        )
    code = "import json, sys\nfrom model_core.cli import main\nfor words in json.loads(sys.argv[1]): print('status', main(words), file=sys.stderr)"
    answer = subprocess.run(
        [sys.executable, "-c", code, json.dumps(commands)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(tmp_path / "state")},
    )
    said = answer.stderr.splitlines()
    ends = [number for number, line in enumerate(said) if line.startswith("status")]
    assert [said[end] for end in ends] == ["status 1"] * len(NAMING), answer.stderr
    assert all(said[end - 1].startswith("error: ") for end in ends), answer.stderr
    assert asked == []


@pytest.mark.skipif(not Path("/proc/self/net").is_dir(), reason="only Linux tells of its sockets in /proc")
def test_the_worker_opens_no_port_and_ends_with_its_parents_pipe(tmp_path):
    """While it works and after, its descriptors hold no socket that listens; orders come by the pipe it was started with alone."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "model_core", "worker"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
    )
    try:
        assert json.loads(worker.stdout.readline())["type"] == "ready"
        worker.stdin.write(b'{"id": "1", "command": "info", "request": {}}\n')
        worker.stdin.flush()
        while json.loads(worker.stdout.readline())["type"] != "result":
            assert listening(worker.pid) == []
        assert listening(worker.pid) == []
        worker.stdin.close()
        assert worker.wait(10) == 0
    finally:
        worker.kill()
        worker.stdout.close()


def listening(pid):
    """Sockets of a process that wait for others: of TCP in state 0A, of UDP any that is bound, of Unix those with the flag "accepts"."""
    own = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = os.readlink(link)
        except OSError:
            continue
        if target.startswith("socket:["):
            own.add(target[8:-1])
    found = []
    for table in ("tcp", "tcp6", "udp", "udp6"):
        path = Path(f"/proc/{pid}/net/{table}")
        rows = [line.split() for line in path.read_text().splitlines()[1:]] if path.exists() else []
        found += [(table, row[1]) for row in rows if row[9] in own and (row[3] == "0A" or table.startswith("udp"))]
    rows = [line.split() for line in Path(f"/proc/{pid}/net/unix").read_text().splitlines()[1:]]
    return found + [("unix", row[-1]) for row in rows if row[6] in own and int(row[3], 16) & 0x10000]


@pytest.mark.skipif(not Path("/proc/self/net").is_dir(), reason="only Linux tells of its sockets in /proc")
def test_the_look_at_ports_sees_one():
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    try:
        assert [table for table, _ in listening(os.getpid())].count("tcp") == 1
    finally:
        server.server_close()
