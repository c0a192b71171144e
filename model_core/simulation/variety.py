"""How one simulated world differs from the next: inventories, lifetimes and terrain effects that nobody knows exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Variety:
    """Factors on the typical values, drawn once per seed; 1 is typical.

    A network that learns from many such worlds can't rely on any one of them: what is uncertain in real models
    (emission inventories differ by factors of 1.5 to 2 between each other, Li et al. 2017, Natl. Sci. Rev. 4, 834)
    is made to vary here.

    Attributes
    ----------
    emission, towns, works, remote
        All people's emission; the excess of built-up cells over the country round them; of single large sources; of
        empty land.
    regional
        Spread of the emission between regions of several hundred km.
    precursors, formation
        Gases per primary emission, and the rate at which they become particles.
    exchange, deposition
        Loss to the free air, and to the ground.
    background
        Particles in the free air.
    shelter, blocking
        Calm in basins, and the damming of flow by slopes.
    wind, stagnation
        Strength of the synoptic wind, and of the calm episodes.
    diffusion
        Horizontal mixing by small eddies, and so how sharp plumes are.
    surface
        How long fresh emission stays near the ground.
    heads
        No factor, but the share of the towns' emission that goes with the number of people and not with what is built; it counts where the
        terrain knows people.
    """

    emission: float = 1.0
    towns: float = 1.0
    works: float = 1.0
    remote: float = 1.0
    regional: float = 1.0
    precursors: float = 1.0
    formation: float = 1.0
    exchange: float = 1.0
    deposition: float = 1.0
    background: float = 1.0
    shelter: float = 1.0
    blocking: float = 1.0
    wind: float = 1.0
    diffusion: float = 1.0
    surface: float = 1.0
    stagnation: float = 1.0
    heads: float = 0.5

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Variety":
        """Log-normal factors, whose spreads are of the natural logarithm, and a share from none to all."""
        spread = {
            "emission": 0.3,
            "towns": 0.5,
            "works": 0.5,
            "remote": 0.8,
            "regional": 0.3,
            "precursors": 0.25,
            "formation": 0.35,
            "exchange": 0.3,
            "deposition": 0.25,
            "background": 0.6,
            "shelter": 0.35,
            "blocking": 0.4,
            "wind": 0.15,
            "stagnation": 0.3,
            "diffusion": 0.6,
            "surface": 0.4,
        }
        draw = {name: np.clip(rng.standard_normal(), -1.8, 1.8) for name in spread}  # no absurd worlds
        factors = {name: float(np.exp(width * draw[name])) for name, width in spread.items()}
        return cls(**factors, heads=float(rng.uniform()))
