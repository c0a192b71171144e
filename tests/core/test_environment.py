"""Making the engine environment, with real interpreters and pip, from wheels that are made here."""

import hashlib
import io
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from plugin.engine import environment, installer, locked, managed_folder, process, pyvenv, room, sources, torch_build
from plugin.engine.errors import SetUpCancelled, SetUpError

SCRIPT = Path(environment.__file__)


def make_wheel(folder, name, version, code=""):
    """A small installable wheel; the same content gives the same bytes, and so the same hash."""
    folder.mkdir(exist_ok=True)
    about = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for member, text in (
            (f"{name}/__init__.py", f"__version__ = '{version}'\n{code}\n"),
            (f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"),
            (f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
            (f"{about}/RECORD", ""),
        ):
            wheel.writestr(zipfile.ZipInfo(member), text)


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """A wheel folder that holds all that the requirements ask for."""
    folder = tmp_path / "wheels"
    make_wheel(folder, "haze", "1.0")
    require(tmp_path, monkeypatch, "# the one library\nhaze==1.0\n")
    return folder


@pytest.fixture(scope="module")
def making(tmp_path_factory):
    """Folder of an environment that was made once, the states before and after, and the lines told, each with how far it was."""
    place, lines = tmp_path_factory.mktemp("finished"), []
    folder = place / "data" / "engine"
    make_wheel(place / "wheels", "haze", "1.0")
    with pytest.MonkeyPatch.context() as patch:
        require(place, patch, "haze==1.0\n")
        before = environment.status(folder)
        made = create(folder, place / "wheels", report=lambda fraction, line: lines.append((fraction, line)))
    return folder, before, made, lines


@pytest.fixture(scope="module")
def finished(making):
    """Folder of a finished environment: tests that start from one take a copy, since making one takes seconds."""
    return making[0]


@pytest.fixture
def ready(tmp_path, wheels, finished):
    """Folder of a ready environment."""
    return shutil.copytree(finished, tmp_path / "engine", symlinks=True)


def require(tmp_path, monkeypatch, text):
    """Requirements, and their lock with the hashes of the wheels that are there; of one that is not, some hash."""
    path = tmp_path / "requirements.txt"
    path.write_text(text)
    monkeypatch.setattr(environment, "REQUIREMENTS", path)
    lock_wheels(tmp_path, "engine-lock.txt", environment.requirement_lines())


def lock_wheels(tmp_path, name, requirements):
    lines = []
    for requirement in requirements:
        hashes = [hashlib.sha256(file.read_bytes()).hexdigest() for file in tmp_path.rglob(f"{requirement.replace('==', '-')}*.whl")]
        lines.append(" ".join([requirement, *(f"--hash=sha256:{one}" for one in hashes or ["0" * 64])]))
    (tmp_path / name).write_text("\n".join(lines))


def create(folder, wheels, **options):
    return environment.create(folder, wheels=str(wheels), base_python=sys.executable, **options)


def test_it_is_made_once_and_then_recognised_at_once(making, wheels):
    folder, before, made, lines = making
    assert before.state == "missing" and made.state == "ready" and made.details["versions"]["haze"] == "1.0"
    fractions = [fraction for fraction, _ in lines]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    assert "haze" in (folder / environment.LOG).read_text()
    said = next(number for number, (_, line) in enumerate(lines) if "GB are free" in line)
    assert "nothing is downloaded" in lines[said][1], "from a folder of wheels"
    assert said < next(number for number, (_, line) in enumerate(lines) if "haze" in line)
    assert not (folder / "tmp").exists(), "nothing is left of what was unpacked"
    assert subprocess.run([made.python, "-c", "import haze, sys; sys.exit(sys.prefix == sys.base_prefix)"]).returncode == 0
    begin = time.monotonic()
    assert create(folder, wheels).state == "ready"
    assert time.monotonic() - begin < 0.5


def test_it_sees_no_system_packages(finished):
    assert "include-system-site-packages = false" in (finished / "pyvenv.cfg").read_text()


def test_a_cancelled_set_up_is_recognised(tmp_path, wheels):
    folder, seen = tmp_path / "engine", []
    with pytest.raises(SetUpCancelled):
        create(folder, wheels, report=lambda fraction, line: seen.append(line), is_cancelled=lambda: len(seen) > 1)
    assert "Making a virtual environment" in seen[-1]
    assert environment.status(folder).state == "incomplete"
    assert "Set up engine" in environment.status(folder).message


def test_a_set_up_that_was_killed_is_recognised_and_built_again(ready, tmp_path, wheels, monkeypatch):
    """Killed while pip installs another version into an environment that was ready: all that is needed seems to be there."""
    make_wheel(wheels, "haze", "2.0")
    require(tmp_path, monkeypatch, "haze==2.0\n")
    code = (
        "import sys, os; from pathlib import Path; from plugin.engine import environment\n"
        "environment.REQUIREMENTS = Path(sys.argv[1])\n"
        "def report(fraction, line):\n    if fraction > 0.05: os._exit(9)\n"
        "environment.create(Path(sys.argv[2]), wheels=sys.argv[3], base_python=sys.executable, report=report)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(environment.REQUIREMENTS), str(ready), str(wheels)])
    assert killed.returncode == 9
    assert environment.python_in(ready).exists() and environment.status(ready).state == "incomplete"
    assert create(ready, wheels).details["versions"]["haze"] == "2.0"


def test_an_environment_without_its_python_is_incomplete(ready):
    environment.python_in(ready).unlink()
    assert environment.status(ready).state == "incomplete"


def test_an_environment_that_lost_a_library_is_built_again(ready, tmp_path, wheels):
    next(ready.glob("lib/*/site-packages/haze/__init__.py")).unlink()
    next(ready.glob("lib/*/site-packages/haze")).rename(tmp_path / "lost")
    made = create(ready, wheels)
    assert subprocess.run([made.python, "-c", "import haze"]).returncode == 0


def test_an_environment_whose_python_was_exchanged_is_incomplete(ready, tmp_path):
    python = environment.python_in(ready)
    other = tmp_path / "python3.99"
    other.write_bytes(python.read_bytes())
    other.chmod(0o755)
    python.unlink()
    python.symlink_to(other)
    assert environment.status(ready).state == "incomplete"


def test_it_is_built_anew_on_demand(ready, wheels):
    (ready / "old").touch()
    with pytest.raises(SetUpCancelled):  # as soon as the new one is begun
        create(ready, wheels, rebuild=True, is_cancelled=lambda: True)
    assert not (ready / "old").exists() and not environment.python_in(ready).exists()


def test_other_requirements_renew_it_in_place(ready, tmp_path, wheels, monkeypatch):
    make_wheel(wheels, "haze", "2.0")
    require(tmp_path, monkeypatch, "haze==2.0\n")
    assert environment.status(ready).state == "outdated"
    (ready / "kept").touch()
    assert create(ready, wheels).details["versions"]["haze"] == "2.0"
    assert (ready / "kept").exists()


def test_a_comment_in_the_requirements_renews_nothing(ready, tmp_path, monkeypatch):
    require(tmp_path, monkeypatch, "\nhaze==1.0   # really\n")
    assert environment.status(ready).state == "ready"


def test_another_device_makes_it_anew_and_a_missing_gpu_is_said(ready, wheels):
    lines = []
    (ready / "old").touch()
    made = create(ready, wheels, device="gpu", report=lambda fraction, line: lines.append(line))
    assert made.details["device"] == "gpu" and not (ready / "old").exists()
    assert any("no GPU" in line for line in lines)
    assert create(ready, wheels).details["device"] == "gpu"


def test_a_library_that_is_nowhere_fails_with_reason_remedy_and_log(ready, tmp_path, wheels, monkeypatch):
    require(tmp_path, monkeypatch, "haze==1.0\nsmog==3.0\n")
    with pytest.raises(SetUpError, match="smog") as caught:
        create(ready, wheels)
    assert "folder of wheels" in str(caught.value) and environment.LOG in str(caught.value)
    assert environment.status(ready).state == "incomplete"


def test_a_library_that_cant_be_imported_is_found_out(ready, tmp_path, wheels, monkeypatch):
    make_wheel(wheels, "smog", "3.0", "raise ImportError('libsmog.so: cannot open shared object file')")
    require(tmp_path, monkeypatch, "smog==3.0\n")
    with pytest.raises(SetUpError, match="libsmog.so"):
        create(ready, wheels)
    assert environment.status(ready).state == "incomplete"


def test_a_folder_of_somebody_elses_is_left_alone(tmp_path, wheels):
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "chapter1.txt").write_text("years of work")
    with pytest.raises(SetUpError, match="was not made by this set-up"):
        create(folder, wheels)
    assert [path.name for path in folder.iterdir()] == ["chapter1.txt"]


def test_two_at_once_are_kept_apart(tmp_path, wheels):
    folder = tmp_path / "engine"
    with managed_folder.exclusive(folder), pytest.raises(SetUpError, match="another set-up"):
        create(folder, wheels)
    with managed_folder.exclusive(folder):
        pass


def test_a_wheel_folder_that_is_missing_is_named(tmp_path):
    with pytest.raises(SetUpError, match="no-wheels"):
        create(tmp_path / "engine", tmp_path / "no-wheels")


def test_every_requirement_is_imported_under_its_own_name():
    assert {"torch", "netCDF4", "rasterio", "geopandas"} <= set(environment.libraries())
    for name in environment.libraries():
        __import__(name)


def test_the_script_says_the_state_by_its_exit_status(tmp_path):
    answer = subprocess.run(
        [sys.executable, str(SCRIPT), "status", "--folder", str(tmp_path / "none")], capture_output=True, text=True, cwd=tmp_path
    )
    assert answer.returncode == 1 and answer.stdout.startswith("missing:") and answer.stderr == ""


def test_the_script_tells_why_it_failed_without_a_traceback(tmp_path):
    answer = subprocess.run(
        [sys.executable, str(SCRIPT), "create", "--folder", str(tmp_path / "engine"), "--base-python", "no-such-python"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert answer.returncode == 1 and "no-such-python" in answer.stderr and "Traceback" not in answer.stderr


class TestAfterAnUpdateOfQgis:
    """QGIS's installer uses another folder for each release, and the Python in it goes away."""

    @pytest.fixture
    def moved(self, ready, tmp_path):
        """An environment whose Python was in a folder that is gone: (environment, a Python of the same version)."""
        python = tmp_path / "QGIS 3.40.2" / "bin" / "python3"
        python.parent.mkdir(parents=True)
        python.symlink_to(os.path.realpath(sys.executable))
        gone = tmp_path / "QGIS 3.40.1" / "bin"
        config, link = ready / "pyvenv.cfg", environment.python_in(ready)
        config.write_text(re.sub(r"home = .*", f"home = {gone}", config.read_text()))
        link.unlink()
        link.symlink_to(gone / "python3")
        return ready, python

    def test_it_is_called_that(self, moved):
        folder, _ = moved
        status = environment.status(folder)
        assert status.state == "moved" and "QGIS was updated" in status.message and "QGIS 3.40.1" in status.message

    def test_it_is_repaired_and_not_made_anew(self, moved):
        folder, python = moved
        (folder / "kept").touch()
        before = (folder / environment.LOG).read_text().count("pip install")
        made = environment.create(folder, base_python=str(python))
        assert made.state == "ready" and (folder / "kept").exists()
        assert (folder / environment.LOG).read_text().count("pip install") == before, "nothing was installed"
        assert pyvenv.settings_of(folder)["home"] == str(python.parent)
        assert subprocess.run([made.python, "-c", "import haze"]).returncode == 0

    def test_without_a_python_of_its_version_it_is_made_anew_and_said_why(self, moved):
        folder, python = moved
        config = folder / "pyvenv.cfg"
        config.write_text(config.read_text().replace("version = 3.", "version = 3.9"))  # of a version that nobody has: 3.911
        lines = []
        assert not environment._repair(folder, str(python), lambda fraction, line: lines.append(line), lambda: False)
        assert "can't be repaired" in lines[-1] and "it is Python 3." in lines[-1]

    @pytest.mark.parametrize(("there", "state"), [(True, "ready"), (False, "moved")])
    def test_windows_starts_it_by_a_program_whose_python_is_looked_for(self, tmp_path, monkeypatch, there, state):
        monkeypatch.setattr(process, "WINDOWS", True)
        folder, home = tmp_path / "engine", tmp_path / "QGIS 3.40.1" / "apps" / "Python312"
        python = environment.python_in(folder)
        python.parent.mkdir(parents=True)
        python.touch()
        (folder / "pyvenv.cfg").write_text(f"home = {home}\nversion = 3.12.9\n")
        environment._write_marker(
            folder, {"state": "ready", "requirements": environment.requirements_hash(), "base": os.path.realpath(python)}
        )
        if there:
            home.mkdir(parents=True)
            (home / "python.exe").touch()
        assert environment.status(folder).state == state


class TestWhileAnotherQgisUsesIt:
    """Windows renames no folder in which a program runs; the rule is emulated by refusing the rename."""

    def test_it_stays_whole_and_ready(self, ready, wheels, monkeypatch):
        def refuse(*_):
            raise PermissionError(13, "The process cannot access the file because it is being used by another process")

        with monkeypatch.context() as patch:
            patch.setattr(os, "rename", refuse)
            with pytest.raises(SetUpError, match="Close every QGIS"):
                create(ready, wheels, rebuild=True)
        assert environment.status(ready).state == "ready"

    def test_windows_lets_go_of_an_engine_that_was_just_ended_a_moment_later(self, ready, monkeypatch):
        rename, refusals = os.rename, [PermissionError(13, "in use")] * 2

        def refuse_at_first(*names):
            if refusals:
                raise refusals.pop()
            rename(*names)

        monkeypatch.setattr(os, "rename", refuse_at_first)
        monkeypatch.setattr(process, "WINDOWS", True)
        managed_folder.remove(ready, (environment.MARKER, environment.LOG))
        assert not ready.exists()

    def test_what_could_not_be_deleted_goes_with_the_next_set_up(self, ready):
        ready.with_name(f".{ready.name}.old-1234").mkdir()
        managed_folder.remove(ready, (environment.MARKER, environment.LOG))
        assert not ready.exists() and not list(ready.parent.glob(".engine.old-*"))

    def test_a_folder_that_an_earlier_version_left_without_its_marker_is_still_ours(self, ready):
        (ready / environment.MARKER).unlink()
        managed_folder.remove(ready, (environment.MARKER, environment.LOG))
        assert not ready.exists()


class TestRoom:
    def test_a_disk_with_too_little_room_is_refused_and_what_was_there_stays(self, ready, wheels, monkeypatch):
        monkeypatch.setattr(environment, "expected_size", lambda *_: room.Size(1e9, 1e9))
        with pytest.raises(SetUpError, match="too little room for .*engine.*GB are free.*on another disk"):
            create(ready, wheels, rebuild=True)
        assert environment.status(ready).state == "ready"

    def test_a_processor_takes_less_than_a_gpu(self):
        assert room.size_of("cpu").disk <= room.size_of("gpu").disk

    @pytest.mark.parametrize(("name", "warned"), [("engine", False), ("u" * 60, True)])
    def test_windows_is_warned_of_paths_that_get_too_long(self, monkeypatch, name, warned):
        monkeypatch.setattr(process, "WINDOWS", True)
        assert ("enabled" in room.path_warning(Path("/Users/me/AppData/Local") / name)) == warned

    def test_elsewhere_no_path_is_too_long(self):
        assert room.path_warning(Path("/" + "u" * 200)) == ""


class TestTheBuildOfTorch:
    @pytest.mark.parametrize(
        ("platform", "machine", "device", "build"),
        [
            ("linux", "x86_64", "cpu", "cpu"),
            ("linux", "aarch64", "cpu", "cpu"),
            ("linux", "ppc64le", "cpu", ""),
            ("linux", "x86_64", "gpu", "auto"),
            ("win32", "AMD64", "cpu", ""),
            ("win32", "AMD64", "gpu", "auto"),
            ("darwin", "arm64", "cpu", ""),
            ("darwin", "arm64", "gpu", ""),
        ],
    )
    def test_pytorchs_own_index_is_asked_where_pips_has_another_build(self, monkeypatch, platform, machine, device, build):
        monkeypatch.delenv("PIP_NO_INDEX", raising=False)
        monkeypatch.setattr(sys, "platform", platform)
        monkeypatch.setattr(torch_build.platform, "machine", lambda: machine)
        assert torch_build.build_to_fetch(device) == build
        assert torch_build.build_to_fetch(device, torch_index="an index") == "" == torch_build.build_to_fetch(device, wheels="wheels")

    @pytest.fixture
    def torches(self, ready, tmp_path, monkeypatch):
        """Requirements with a torch, and a folder where pip finds it; the environment of another version is renewed."""
        folder = tmp_path / "torches"
        make_wheel(
            folder, "torch", "2.13.0", "class cuda:\n    is_available = staticmethod(lambda: False)\nclass backends:\n    mps = cuda\n"
        )
        require(tmp_path, monkeypatch, "torch==2.13.0\n")
        (tmp_path / "index").mkdir()
        for name, value in {
            "PIP_FIND_LINKS": str(folder),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": (tmp_path / "index").as_uri(),
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("PIP_NO_INDEX", raising=False)
        monkeypatch.setattr(torch_build, "build_to_fetch", lambda *_: "cpu")
        monkeypatch.setattr(environment, "build_to_fetch", lambda *_: "cpu")
        monkeypatch.setattr(environment, "check_room", lambda *_, **__: "room enough")
        return folder

    def uv(self, folder, code):
        """A package `uv` that runs as `python -m uv`."""
        make_wheel(folder, "uv", "0.9.0")
        with zipfile.ZipFile(folder / "uv-0.9.0-py3-none-any.whl", "a") as wheel:
            wheel.writestr("uv/__main__.py", code)
        lock_wheels(folder.parent, "engine-lock-uv.txt", ["uv==0.9.0"])

    def create(self, tmp_path, lines):
        assert environment.status(tmp_path / "engine").state == "outdated"
        return environment.create(tmp_path / "engine", report=lambda fraction, line: lines.append(line))

    @pytest.mark.parametrize(
        "code", ["import sys; sys.exit('error: Failed to fetch: dns error')", "import time; print('asking', flush=True); time.sleep(60)"]
    )
    def test_where_its_index_cant_be_reached_pip_takes_its_own_and_the_log_says_so(self, tmp_path, torches, monkeypatch, code):
        monkeypatch.setattr(torch_build, "ASK_SECONDS", 3.0)
        self.uv(torches, code)
        lines = []
        made = self.create(tmp_path, lines)
        assert made.details["versions"]["torch"] == "2.13.0"
        (said,) = (line for line in lines if "own package index can't be used" in line)
        assert ("dns error" in said or "no answer within" in said) and "GPU libraries" in said
        assert said in (tmp_path / "engine" / environment.LOG).read_text()
        assert "uv" not in os.listdir(next((tmp_path / "engine").glob("lib/*/site-packages")))

    def test_where_pip_has_no_such_installer_it_goes_on_with_its_own(self, tmp_path, torches):
        lines = []
        assert self.create(tmp_path, lines).state == "ready"
        assert any("own package index can't be used" in line and "uv" in line for line in lines)

    def test_what_it_fetched_is_kept_by_pip(self, tmp_path, torches):
        own = tmp_path / "own index"
        make_wheel(
            own, "torch", "2.13.0+cpu", "class cuda:\n    is_available = staticmethod(lambda: False)\nclass backends:\n    mps = cuda\n"
        )
        self.uv(
            torches,
            "import subprocess, sys\n"
            "assert sys.argv[1:3] == ['pip', 'install'] and '--torch-backend' in sys.argv and '--no-deps' in sys.argv\n"
            "if '--dry-run' not in sys.argv:\n"
            f"    subprocess.run([sys.executable, '-m', 'pip', 'install', '--no-index', '--find-links', {str(own)!r}, sys.argv[-1]], check=True)\n",
        )
        lines = []
        made = self.create(tmp_path, lines)
        assert made.details["versions"]["torch"] == "2.13.0+cpu" and not any("can't be used" in line for line in lines)
        assert made.details["versions"]["gpu"] is False

    def test_a_build_whose_hash_is_another_than_known_is_refused(self, tmp_path, torches, monkeypatch):
        """uv says so in these words; what it was told to accept is in the file that it gets."""
        monkeypatch.setattr(environment, "torch_hashes", lambda *_: ["sha256:" + "a" * 64])
        self.uv(
            torches,
            "import sys\nif '--dry-run' in sys.argv: sys.exit(0)\n"
            "assert '--require-hashes' in sys.argv\ntext = open(sys.argv[-1]).read()\n"
            "sys.exit('error: Hash mismatch for `torch==2.13.0`, expected: ' + text)",
        )
        with pytest.raises(SetUpError, match="Hash mismatch for `torch==2.13.0`.*sha256:aaaa.*it was changed, or damaged"):
            self.create(tmp_path, [])


class TestAFolderOfWheels:
    GPU, CPU = "torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl", "torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"

    def test_torch_for_gpus_without_its_libraries_is_refused_before_anything_is_installed(self, tmp_path):
        (tmp_path / self.GPU).touch()
        with pytest.raises(SetUpError, match=r"build for GPUs, torch-2\.13\.0-cp311.*'\+cpu'.*engine-lock-gpu\.txt"):
            environment.create(tmp_path / "engine", wheels=str(tmp_path))
        assert not (tmp_path / "engine").exists()

    @pytest.mark.parametrize("beside", [CPU, "nvidia_cudnn_cu13-9.20.0.48-py3-none-manylinux_2_27_x86_64.whl"])
    def test_with_the_build_for_processors_or_the_libraries_it_will_do(self, tmp_path, beside):
        (tmp_path / self.GPU).touch()
        (tmp_path / beside).touch()
        sources.check_wheels(tmp_path)

    def test_what_it_lacks_is_sought_in_the_folder_and_not_in_the_network(self):
        log = io.StringIO()
        log.name = "set-up.log"
        code = "raise SystemExit('ERROR: No matching distribution found for pint==0.25.3')"
        with pytest.raises(SetUpError, match="pint==0.25.3.*The folder of wheels lacks it.*engine-lock.txt"):
            installer.Installer(log, lambda fraction, line: None, lambda: False).run([sys.executable, "-c", code, "--no-index"])


class TestTheLock:
    def test_a_wheel_that_was_tampered_with_is_refused_and_nothing_is_installed(self, ready, tmp_path, wheels, monkeypatch):
        make_wheel(wheels, "smog", "3.0")
        require(tmp_path, monkeypatch, "haze==1.0\nsmog==3.0\n")
        with zipfile.ZipFile(next(wheels.glob("smog*.whl")), "a") as wheel:
            wheel.writestr("smog/more.py", "print('hello')")
        with pytest.raises(SetUpError, match="DO NOT MATCH THE HASHES.*smog==3.0 .*Expected sha256.*it was changed, or damaged") as caught:
            create(ready, wheels)
        assert environment.LOG in str(caught.value) and environment.status(ready).state == "incomplete"
        assert not list(ready.rglob("smog*"))

    def test_what_is_not_in_the_lock_is_not_installed(self, ready, tmp_path, wheels, monkeypatch):
        make_wheel(wheels, "smog", "3.0")
        require(tmp_path, monkeypatch, "haze==1.0\nsmog==3.0\n")
        lock_wheels(tmp_path, "engine-lock.txt", ["haze==1.0"])
        with pytest.raises(SetUpError, match="smog"):
            create(ready, wheels)
        assert not list(ready.rglob("smog*"))

    def test_a_plugin_without_its_lock_installs_nothing(self, ready, tmp_path, wheels):
        (tmp_path / "engine-lock.txt").unlink()
        with pytest.raises(SetUpError, match="engine-lock.txt is missing: the plugin is incomplete"):
            create(ready, wheels)

    def test_another_lock_renews_the_environment(self, ready, tmp_path):
        assert environment.status(ready).state == "ready"
        with open(tmp_path / "engine-lock.txt", "a") as lock:
            lock.write(f" --hash=sha256:{'1' * 64}")
        assert environment.status(ready).state == "outdated"

    @pytest.mark.parametrize("name", [locked.LOCK, locked.GPU_LOCK, locked.UV_LOCK])
    def test_every_line_is_an_exact_version_with_hashes_and_no_address(self, name):
        text = environment.REQUIREMENTS.with_name(name).read_text(encoding="utf-8")
        blocks = [block for block in re.split(r"\n(?=\S)", text) if not block.startswith("#")]
        assert blocks and all(
            re.fullmatch(r"[\w.-]+==[\w.+-]+( ; [^\\]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+\n?", block) for block in blocks
        )
        assert "://" not in text

    def test_it_was_made_from_the_requirements_as_they_are(self):
        digest = hashlib.sha256("\n".join(environment.requirement_lines()).encode()).hexdigest()
        lock = environment.REQUIREMENTS.with_name(locked.LOCK).read_text(encoding="utf-8")
        assert lock.splitlines()[1] == f"# {digest}", "run tools/lock_engine.py"
        locked_names = set(re.findall(r"^([\w.-]+)==", lock, re.MULTILINE))
        assert {name.lower().replace("_", "-") for name in environment.libraries()} <= locked_names

    def test_known_hashes_of_torch_are_those_of_this_python(self, tmp_path):
        known = {
            "version": "2.13.0",
            "cpu": {f"cp{sys.version_info[0]}{sys.version_info[1]}-{sys.platform}-{platform.machine()}": ["sha256:1"]},
        }
        (tmp_path / locked.TORCH).write_text(json.dumps(known))
        assert locked.torch_hashes(sys.executable, tmp_path / "requirements.txt") == ["sha256:1"]
        (tmp_path / locked.TORCH).write_text(json.dumps({**known, "cpu": {"cp399-linux-x86_64": ["sha256:2"]}}))
        assert locked.torch_hashes(sys.executable, tmp_path / "requirements.txt") == []


class TestInstalling:
    def run(self, code, report=lambda fraction, line: None, **options):
        log = io.StringIO()
        log.name = "set-up.log"
        return installer.Installer(log, report, lambda: False, options.pop("folder", None)).run([sys.executable, "-c", code], **options)

    def test_a_long_silence_is_filled_with_how_much_is_there(self, tmp_path, monkeypatch):
        monkeypatch.setattr(installer.Installer, "SILENCE_SECONDS", 0.3)
        lines = []
        self.run(
            f"import time; open({str(tmp_path / 'torch.whl')!r}, 'wb').write(bytes(3_000_000)); time.sleep(1.5)",
            lambda fraction, line: lines.append(line),
            folder=tmp_path,
        )
        assert any("3 MB" in line for line in lines)

    def test_the_progress_bar_goes_by_what_is_there(self, tmp_path, monkeypatch):
        monkeypatch.setattr(installer.Installer, "SILENCE_SECONDS", 0.3)
        log, fractions = io.StringIO(), []
        making = installer.Installer(log, lambda fraction, line: fractions.append(fraction), lambda: False, tmp_path, expected=6.0)
        making.run([sys.executable, "-c", f"import time; open({str(tmp_path / 't.whl')!r}, 'wb').write(bytes(3_000_000)); time.sleep(1.5)"])
        assert max(fractions) == pytest.approx(0.05 + 0.85 / 2, abs=0.01), "3 of 6 MB are there"

    def test_a_step_that_takes_too_long_is_ended(self):
        begin = time.monotonic()
        with pytest.raises(SetUpError, match="no answer within 1 s.*proxy"):
            self.run("import time; time.sleep(60)", seconds=1.0)
        assert time.monotonic() - begin < 10

    @pytest.mark.parametrize(
        ("words", "hint"),
        [
            ("pip._vendor.urllib3.exceptions.ReadTimeoutError: HTTPSConnectionPool: Read timed out.", "proxy"),
            ("ERROR: Could not find a version that satisfies the requirement torch==2.13.0", "folder of wheels"),
            ("OSError: [WinError 126] The specified module could not be found. Error loading c10.dll", "Visual C++"),
            ("ImportError: DLL load failed while importing _C: ", "Visual C++"),
            ("OSError: [WinError 193] %1 is not a valid Win32 application", "64-bit"),
            ("OSError: [WinError 4551] An Application Control policy has blocked this file", "administrator"),
            ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ],
    )
    def test_what_is_known_to_go_wrong_comes_with_its_remedy(self, words, hint):
        with pytest.raises(SetUpError, match=re.escape(hint)):
            self.run(f"import sys; sys.exit({words!r})")

    def test_a_users_habits_with_pip_do_not_lead_the_libraries_elsewhere(self, ready, tmp_path, wheels, monkeypatch):
        make_wheel(wheels, "haze", "2.0")
        require(tmp_path, monkeypatch, "haze==2.0\n")
        for name, value in {"PIP_TARGET": str(tmp_path / "elsewhere"), "PIP_USER": "1", "PIP_REQUIRE_VIRTUALENV": "1"}.items():
            monkeypatch.setenv(name, value)
        config = tmp_path / "pip.ini"
        config.write_text("[global]\nuser = true\n")
        monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
        assert create(ready, wheels).details["versions"]["haze"] == "2.0" and not (tmp_path / "elsewhere").exists()

    def test_a_proxy_is_handed_to_what_installs_and_not_written_down(self, ready, tmp_path, monkeypatch):
        require(tmp_path, monkeypatch, "haze==2.0\n")
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
        monkeypatch.setenv("PIP_RETRIES", "0")
        with pytest.raises(SetUpError, match="[Pp]roxy"):
            environment.create(ready, proxy="http://me:secret@127.0.0.1:9", index="http://an-index/simple")
        log = (ready / environment.LOG).read_text()
        assert "roxy" in log and "--index-url http://an-index/simple" in log and "secret" not in log


def test_what_a_process_beside_says_comes_back_in_any_encoding_of_the_machine(monkeypatch):
    """The set-up of the checkout; a Windows code page, here that of Western Europe, has no Chinese letters."""
    monkeypatch.syspath_prepend(str(SCRIPT.parents[2] / "tools"))
    from set_up import Beside

    monkeypatch.setenv("PYTHONIOENCODING", "cp1252")
    process = Beside([sys.executable, "-c", "print('into D:/站点/é')"])
    assert process.told() == "into D:/站点/é\n" and process.returncode == 0
