"""Pieces of work on one day at the same time give the same as one after the other, and their errors arrive."""

import os
import subprocess
import sys

PROGRAM = """
import torch
from model_core.network.kriging import krige
from model_core.side_by_side import meanwhile, side_by_side

assert torch.get_num_threads() == 2
random = torch.Generator().manual_seed(0)
days = [(torch.rand(200, 2, generator=random) * 30, torch.randn(200, 3, generator=random)) for _ in range(3)]


def work(day):
    return krige(*day, (32, 40), first_map=1)


with torch.inference_mode():
    together = side_by_side(work, days)
    for day, other in zip(days, together):
        (alone,) = side_by_side(work, [day])  # parts of its variance are computed meanwhile
        assert torch.equal(alone.fields, other.fields) and torch.equal(alone.unexplained, other.unexplained)


def second():
    assert torch.is_inference_mode_enabled()
    raise ValueError("of the second")


with torch.inference_mode():
    try:
        side_by_side(lambda _: meanwhile(second)(), [None])
    except ValueError as error:
        print(error)
"""


def test_a_day_by_itself_is_the_same_as_among_others_where_there_are_two_processors():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "2"})
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "of the second"
