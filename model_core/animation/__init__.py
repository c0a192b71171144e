"""A series of fields as moving pictures: `frames` draws each step, `films` puts them together as GIF or MP4."""
