"""Trials of what goes wrong: damaged and absurd inputs, faults of the machine, and years of days through one worker."""
