"""Trainings that are killed, stopped, starved of disk, continued from a model, or shared by processes."""

import csv
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from model_core.errors import Cancelled, InputError
from model_core.jobs import JOBS
from model_core.model_file import load_model
from model_core.progress import Progress
from model_core.training.kernels import kernel_shape

ROOT = Path(__file__).resolve().parents[2]
ADAM_STEP = 1e-3  # the learning rate of the tiny configuration
# Sums depend, in their last bits, on the number of threads: other processes take that of this one.
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}


class StopAfter(Progress):
    """Cancels as a user would, after an iteration; the training hears of it in the next."""

    def __init__(self, iteration):
        self.reached = False
        super().__init__(lambda: self.reached)
        self._mark = f"iteration {iteration}/"

    def on_step(self, fraction, message):
        self.reached |= message.startswith(self._mark)


@pytest.fixture
def request_for(tiny_ctm, tiny_configuration, tmp_path, tmp_path_factory):
    def build(name="m", **more):
        return {
            "ctm": [str(tiny_ctm)],
            "config": str(tiny_configuration),
            "out": str(tmp_path / f"{name}.safetensors"),
            "cache": str(tmp_path_factory.getbasetemp() / "daily_fields"),
            **more,
        }

    return build


def command(request, *before):
    """The request as a command line of its own process."""
    words = [sys.executable, *before, "-m", "model_core", "train", "--json"]
    for key, value in request.items():
        if value is True:
            words.append(f"--{key}")
        else:
            words += [f"--{key.replace('_', '-')}", *map(str, value if isinstance(value, list) else [value])]
    return words


def same_weights(first, second):
    a, b = (load_model(str(path)).network.state_dict() for path in (first, second))
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


def test_a_killed_training_resumes_to_the_same_model(request_for, tmp_path):
    JOBS["train"](request_for("whole", iterations=9), Progress())
    request = request_for("killed", iterations=9)
    process = subprocess.Popen(command(request), cwd=ROOT, env=ENVIRONMENT, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    checkpoint = tmp_path / "killed.checkpoint"
    while not checkpoint.exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL and checkpoint.exists()
    # The best model may be there already; it is then a complete one.
    if Path(request["out"]).exists():
        assert load_model(request["out"]).card["training"]["stopped_at"] in (3, 6)
    log = []
    progress = Progress()
    progress.on_log = log.append
    JOBS["train"]({**request, "resume": True}, progress)
    assert any(line.startswith("resumed at iteration") for line in log)
    assert same_weights(tmp_path / "whole.safetensors", request["out"])
    assert "stopped_at" not in load_model(request["out"]).card["training"]


def test_a_stopped_training_keeps_the_best_model_and_goes_on(request_for, tiny_model, tmp_path):
    request = request_for()
    with pytest.raises(Cancelled, match=r"at iteration 5 of 6; the best model so far, of iteration 3"):
        JOBS["train"](request, StopAfter(4))
    card = load_model(request["out"]).card
    assert card["training"]["stopped_at"] == 5 and card["scores"]["iteration"] == 3
    with open(tmp_path / "m.history.csv") as file:
        assert [row["iteration"] for row in csv.DictReader(file)] == ["3"]
    JOBS["train"]({**request, "resume": True}, Progress())
    assert same_weights(request["out"], tiny_model)  # the same training, undisturbed


def test_a_checkpoint_from_before_a_setting_was_there_goes_on(request_for, tiny_model, tmp_path):
    request, checkpoint = request_for(), tmp_path / "m.checkpoint"
    with pytest.raises(Cancelled):
        JOBS["train"](request, StopAfter(4))
    with safe_open(checkpoint, framework="pt") as file:
        state, tensors = json.loads(file.metadata()["state"]), {key: file.get_tensor(key).clone() for key in file.keys()}
    del state["identity"]["network"]["background_width"], state["identity"]["training"]["background_batches"]
    state["identity"]["network"]["drift_share"] = 0.0
    save_file(tensors, checkpoint, {"state": json.dumps(state)})
    JOBS["train"]({**request, "resume": True}, Progress())
    assert same_weights(request["out"], tiny_model)


def test_a_training_stopped_before_its_first_validation_leaves_no_model(request_for, tmp_path):
    with pytest.raises(Cancelled):
        JOBS["train"](request_for(), StopAfter(2))
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_keeps_the_best_model_too(request_for, tmp_path):
    request = request_for(iterations=100_000)
    process = subprocess.Popen(
        command(request),
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Where the tests run in the background, the shell has them ignore Ctrl-C, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        while not Path(request["out"]).exists() and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert "best model so far" in json.loads(out)["error"]["message"]
    assert load_model(request["out"]).card["training"]["stopped_at"] >= 3


def test_a_full_disk_is_reported_and_the_last_checkpoint_stays(request_for, tiny_model, tmp_path):
    request = request_for()
    with pytest.raises(Cancelled):
        JOBS["train"](request, StopAfter(4))
    checkpoint, model = tmp_path / "m.checkpoint", Path(request["out"])
    before = checkpoint.read_bytes(), model.read_bytes()
    full = subprocess.run(
        command({**request, "resume": True}),
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (len(before[0]) // 2,) * 2),
    )
    error = json.loads(full.stdout)["error"]
    assert full.returncode == 1 and error["kind"] == "OutputError"
    assert "m.checkpoint" in error["message"] and "make room" in error["message"] and "Traceback" not in full.stderr
    assert (checkpoint.read_bytes(), model.read_bytes()) == before and not list(tmp_path.glob(".*"))
    JOBS["train"]({**request, "resume": True}, Progress())
    assert same_weights(request["out"], tiny_model)  # the same training, undisturbed


def test_a_training_leaves_its_curve_its_kernels_and_its_held_out_days(request_for, tmp_path):
    result = JOBS["train"](request_for(validation_start="2019-01-10", validation_end="2019-01-11"), Progress())
    for key in ("history", "history_figure", "kernels_figure"):
        assert Path(result[key]).stat().st_size > 50
    for key in ("history_figure", "kernels_figure"):
        assert Path(result[key]).read_bytes().startswith(b"\x89PNG")
    assert result["days"] == {"training": 6, "held_out": 2}
    model = load_model(result["out"])
    assert model.card["training"]["data"][0]["held_out"] == ["2019-01-10", "2019-01-11"]
    kernels = model.card["kernels"]
    assert [(k["variable"], k["stage"]) for k in kernels[:2]] == [("pm25", 1), ("pm25", 2)]
    assert kernels[0]["reach_km"] == 4 * 36 and 0 < kernels[0]["half_weight_km"] < 4 * 36
    with open(result["history"]) as file:
        rows = list(csv.DictReader(file))
    assert [int(row["iteration"]) for row in rows] == [3, 6] and float(rows[-1]["rmse"]) == model.card["history"][-1]["rmse"]


def test_a_training_goes_on_from_a_model(request_for, tiny_model):
    base = load_model(str(tiny_model))
    result = JOBS["train"](request_for(**{"from": str(tiny_model)}, learning_rate=1e-9), Progress())
    tuned = load_model(result["out"])
    assert tuned.card["training"]["from"] == {"name": base.name, "sha256": base.sha256}
    for key, value in base.network.named_parameters():  # a step of almost nothing leaves the weights where they were
        torch.testing.assert_close(tuned.network.get_parameter(key), value, rtol=0, atol=1e-6)
    assert tuned.configuration == base.configuration
    with pytest.raises(InputError, match="'target' can't be chosen"):
        JOBS["train"](request_for(**{"from": str(tiny_model)}, target="o3"), Progress())


def test_inputs_of_choice_are_those_of_the_model(request_for):
    result = JOBS["train"](request_for(inputs=["wind"], maps=["elevation"], iterations=1), Progress())
    model = load_model(result["out"])
    assert list(model.card["inputs"]) == ["pm25", "wind", "elevation"] and set(model.maps.fields) == {"elevation"}


def test_two_processes_make_the_model_that_one_makes_with_the_doubled_batch(request_for, tiny_configuration, tmp_path):
    """Losses to 5e-5, fields to 0.5 %, 99 in 100 weights to 1e-4 and all to one step of Adam, after six steps.

    Float32 sums in another order, which Adam amplifies: where a gradient is all but nothing its rounding decides the
    direction of a full step. So it is with biases ahead of a normalisation, which cancels them: weights are compared
    without these and the running means that follow them.
    """
    configuration = tmp_path / "field.toml"  # the field itself: a correction begins at nothing, and would hide a difference
    configuration.write_text(
        tiny_configuration.read_text().replace('"correction"', '"field"').replace("coarse_factors = [4]", "coarse_factors = []")
    )
    common = {"config": str(configuration), "precision": "float32", "device": "cpu"}
    one = JOBS["train"](request_for("one", batch=4, **common), Progress())
    request = request_for("two", batch=2, **common)
    run = subprocess.run(
        command(request, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"),
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    two = json.loads(run.stdout)  # one process speaks, the other is silent
    assert two["loss"] == pytest.approx(one["loss"], rel=5e-5)
    assert two["validation"] == pytest.approx(one["validation"], rel=1e-3)
    first, second = load_model(one["out"]), load_model(two["out"])
    assert second.card["training"]["processes"] == 2
    cancelled = re.compile(r"nodes\..*(\.[03]\.bias|running_mean)$")
    pairs = zip(first.network.state_dict().items(), second.network.state_dict().values())
    difference = torch.cat([(weight - other).abs().flatten().double() for (key, weight), other in pairs if not cancelled.search(key)])
    assert (difference < 1e-4).double().mean() > 0.99 and difference.max() < ADAM_STEP
    fields = [predicted(model) for model in (first, second)]
    np.testing.assert_allclose(fields[0], fields[1], rtol=5e-3)


def predicted(model):
    rng = np.random.default_rng(1)
    values = torch.from_numpy(rng.gamma(2, 20, (1, 3, *model.grid.shape)).astype(np.float32))
    mask = torch.from_numpy((rng.random(values.shape) < 0.1).astype(np.float32))
    maps = torch.zeros(1, 2, *model.grid.shape)
    with torch.inference_mode():
        return model.network(values, mask, maps, torch.ones_like(maps)).field.numpy()


def test_the_shape_of_a_kernel_is_told_in_kilometres():
    north, east = np.mgrid[10:-11:-1, -10:11]
    round_bell = kernel_shape(np.exp(-(north**2 + east**2) / (2 * 3.0**2)), "pm25", 1, 12.0)
    assert round_bell.half_weight_km == pytest.approx(3 * np.sqrt(2 * np.log(2)) * 12, rel=0.05)
    assert round_bell.anisotropy == pytest.approx(1.0, abs=0.01) and round_bell.reach_km == 120
    along = (east + north) / np.sqrt(2)  # towards the north-east
    across = (east - north) / np.sqrt(2)
    long = kernel_shape(np.exp(-(along**2 / (2 * 3.0**2) + across**2 / (2 * 1.5**2))), "pm25", 1, 12.0)
    assert long.anisotropy == pytest.approx(2.0, rel=0.03) and long.direction_degrees == pytest.approx(45, abs=1)


def test_going_on_replaces_no_finished_model(request_for, tmp_path):
    request = request_for("new")
    log = []
    progress = Progress()
    progress.on_log = log.append
    JOBS["train"]({**request, "resume": True}, progress)
    assert "there is no checkpoint 'new.checkpoint': the training begins" in log
    before = Path(request["out"]).read_bytes()
    with pytest.raises(InputError, match=r"no checkpoint 'new\.checkpoint'.*--from.*leave out --resume"):
        JOBS["train"]({**request, "resume": True, "iterations": 9}, Progress())
    assert Path(request["out"]).read_bytes() == before
