"""Station readings: tables of them, what may be used of each, and their means in the cells of a grid."""
