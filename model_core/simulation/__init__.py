"""A demonstration CTM: daily PM2.5, RH and wind speed that look like a chemical transport model's, from a seed.

It is no forecast and no inventory: it makes endless plausible days for training, tests and samples.
"""

from model_core.simulation.days import SimulatedDay, simulate_days
from model_core.simulation.terrain import Terrain
from model_core.simulation.writer import write_simulation

__all__ = ["SimulatedDay", "Terrain", "simulate_days", "write_simulation"]
