"""What a training costs: samples per second, memory against the number of days, and the wait for the first iteration.

    $(make -s engine-python) tests/benchmarks/training_throughput.py [--config improved] [--iterations N] [--days N N N]

Three tables. The first trains a configuration on the grid of China and sets its arithmetic (all matrix products and
convolutions of the forward and backward pass, counted by torch) against the rate of a large matrix product on the same
processor in the same precision. The second trains a tiny network on more and more days, each in a process of its own,
with what it took to prepare them and once more with what was prepared, and tells the peak memory of each. The third is
how long a training waits for its first iteration, without and with prepared days. Ends with an error if memory grows
with the number of days by more than a tenth.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from machine import matrix_product_rate, peak_mb  # noqa: E402
from rows import Row, record  # noqa: E402

ALLOWED_GROWTH = 1.1
SMALL_SHAPE = (120, 140)
TINY = """
[network]
width = 4
levels = 2
kernels = [5, 3]
[training]
batch = 2
validate_every = 1000
"""


def prepared(name, device, shape):
    """A configuration's network on a device, what draws its batches, and the work of one iteration, on fields of a shape."""
    import numpy as np
    import torch
    from scipy.ndimage import gaussian_filter

    from model_core.configuration import read_configuration
    from model_core.device import training_autocast
    from model_core.network.reanalysis_network import ReanalysisNetwork
    from model_core.training.batches import BatchDrawer
    from model_core.training.objective import training_loss
    from model_core.training.samples import TrainingDays, on_device
    from model_core.training.split import split_by_time

    network_configuration, training = read_configuration(name)
    rng = np.random.default_rng(0)
    field = np.exp(3 + gaussian_filter(rng.normal(size=(3, *shape)), (0, 8, 8)) * 16).astype(np.float32)
    fields = dict.fromkeys(network_configuration.station_variables, field)
    data = [TrainingDays(fields, {"urban": field[0] / field[0].max(), "elevation": field[1] * 10}, np.ones(shape, bool))]
    drawer = BatchDrawer(data, split_by_time([3], 0.3), network_configuration, training, 0)
    network = ReanalysisNetwork(network_configuration).to(device, memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters())

    def step(batch):
        batch = on_device(batch, device)
        with training_autocast(device):
            output = network(batch.values, batch.mask, batch.maps, batch.maps_known)
        training_loss(network, output, batch, training.loss).backward()
        optimiser.step()
        optimiser.zero_grad()
        if device.type == "cuda":
            torch.cuda.synchronize()

    return training, drawer.draw, step


def iterations(name, number, device, shape, before=4):
    """(seconds an iteration after the first, samples in a batch, shape of what is trained on)."""
    from model_core.training.batches import batches

    training, draw, step = prepared(name, device, shape)
    drawn = batches(draw, 0, before + number, device)
    for _ in range(before):  # until the machine is awake
        step(next(drawn))
    begin = time.perf_counter()
    for batch in drawn:
        step(batch)
    side = training.crop
    return (time.perf_counter() - begin) / number, training.batch, (min(side, shape[0]), min(side, shape[1])) if side else shape


def throughput(name, number):
    """Samples per second of a configuration, and the share of the matrix-product rate that its arithmetic reaches."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from model_core.device import choose_device, describe_device, training_autocast
    from model_core.grid import PRESETS
    from model_core.training.samples import stacked

    device, shape = choose_device("auto"), PRESETS["china12km"].shape
    training, draw, step = prepared(name, device, shape)
    with FlopCounterMode(display=False) as counter:
        step(stacked(draw(0)))
    seconds = iterations(name, number, device, shape)[0]
    begin = time.perf_counter()
    draw(1)
    drawing = time.perf_counter() - begin

    with training_autocast(device) as context:
        precision = context.fast_dtype if context._enabled else torch.float32
    rate, work = matrix_product_rate(device, precision), counter.get_total_flops()
    side = training.crop or "whole"
    print(f"{name} on {describe_device(device)}, batch {training.batch} of {side} fields, {str(precision).split('.')[-1]}")
    print(f"  {seconds:.2f} s per iteration, {training.batch / seconds:.2f} samples per second")
    print(f"  drawing a batch: {drawing:.2f} s, in a thread beside the step")
    print(f"  arithmetic: {work / 1e9:.0f} GFLOP per iteration, {work / seconds / 1e9:.0f} GFLOP/s")
    record(
        Row(
            f"training, {name}",
            training.batch / seconds,
            "samples/s",
            work / seconds / rate,
            "matrix product",
            note=f"{side} cells, {work / seconds / 1e9:.0f} of {rate / 1e9:.0f} GFLOP/s",
        )
    )


def write_days(path, days):
    """A daily file of three variables, as smooth as CTM fields are, a day at a time."""
    import numpy as np

    from model_core.grid import PRESETS, Grid
    from model_core.output.netcdf import NetcdfWriter

    grid = Grid.from_lower_left(PRESETS["china12km"].crs, -1e6, -1e6, (12_000.0, 12_000.0), SMALL_SHAPE)
    row, column = np.mgrid[: SMALL_SHAPE[0], : SMALL_SHAPE[1]].astype(np.float32)
    with NetcdfWriter(path, grid, [date(2018, 1, 1) + timedelta(days=d) for d in range(days)], {}) as writer:
        for name, unit, scale in (("pm25", "ug m-3", 40.0), ("rh", "%", 30.0), ("wind", "m s-1", 2.0)):
            writer.define(name, unit, True)
            for d in range(days):
                writer.write(name, scale * (1.5 + np.sin(row / 17 + d) * np.cos(column / 23 - d / 3)), d)


def one_training(request):
    """In a process of its own: train, and tell the time to the first iteration and the peak memory."""
    import torch

    from model_core.jobs import JOBS
    from model_core.progress import Progress

    torch.set_num_threads(1)

    class Watch(Progress):
        first = None

        def on_step(self, fraction, message):
            if self.first is None and message.startswith("iteration"):
                self.first = time.perf_counter() - begin

    watch, begin = Watch(), time.perf_counter()
    JOBS["train"](request, watch)
    print(json.dumps({"first": watch.first, "peak": peak_mb()}))


def memory_and_waiting(numbers):
    """Peak memory and the wait for the first iteration, against the number of days; whether memory stayed flat."""
    print(f"\n{SMALL_SHAPE[0]} x {SMALL_SHAPE[1]} cells, 3 variables, a tiny network, each training in a process of its own")
    print(" days  as float32   peak memory, prepared   first iteration\n              MB     anew MB     before MB   anew s  before s")
    peaks = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tiny.toml").write_text(TINY)
        for days in numbers:
            file = folder / f"{days}.nc"
            write_days(file, days)
            request = {
                "ctm": [str(file)],
                "config": str(folder / "tiny.toml"),
                "iterations": 40,
                "out": str(folder / f"{days}.safetensors"),
                "device": "cpu",
            }
            runs = []
            for _ in ("anew", "before"):
                done = subprocess.run([sys.executable, __file__, "--one", json.dumps(request)], capture_output=True, text=True)
                if done.returncode:
                    sys.exit(done.stderr)
                runs.append(json.loads(done.stdout.splitlines()[-1]))
            size = days * 3 * SMALL_SHAPE[0] * SMALL_SHAPE[1] * 4
            peaks.append([run["peak"] for run in runs])
            print(
                f"{days:5}  {size / 1e6:10.0f}  {peaks[-1][0]:10.0f}  {peaks[-1][1]:12.0f}"
                f"   {runs[0]['first']:6.2f}  {runs[1]['first']:8.2f}"
            )
    growth = max(last / first for first, last in zip(peaks[0], peaks[-1]))
    record(
        Row(f"training: memory with {numbers[-1]} days", max(peaks[-1]), "MB", growth, f"{numbers[0]} days", f"ratio <= {ALLOWED_GROWTH}"),
        Row(
            "training: wait for the first iteration, prepared days",
            runs[1]["first"],
            "s",
            runs[1]["first"] / runs[0]["first"],
            f"{numbers[-1]} days that are new",
        ),
    )
    return growth <= ALLOWED_GROWTH


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", nargs="+", default=["improved"])
    parser.add_argument("--iterations", type=int, default=5)
    # The first already fills the memory that a training keeps of its days (64 MB).
    parser.add_argument("--days", type=int, nargs="+", default=[400, 800, 1600])
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one_training(json.loads(options.one))
        return 0
    for name in options.config:
        throughput(name, options.iterations)
    return 0 if memory_and_waiting(options.days) else 1


if __name__ == "__main__":
    sys.exit(main())
