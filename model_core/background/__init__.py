"""The CTM's field of the day as a further drift of kriging, believed as far as the day's readings confirm it.

- `reading` finds the field of each day in the user's CTM files and puts it on the grid;
- `drift` makes the columns of a drift of it, which do not depend on its unit;
- `trust` leaves the day's own readings out in clusters, and chooses the share that is taken;
- `leave_out` is the kriging of left-out readings in closed form;
- `degrading` makes an imperfect background of a known field, to test all this and to learn from.
"""
