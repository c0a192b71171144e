"""Faults of the machine and of its users: processes that are killed, disks that fill, folders that vanish, runs at once."""
