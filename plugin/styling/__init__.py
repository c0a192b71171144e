"""How fields look: colour ramps with fixed breaks, so that the days of a series compare."""
