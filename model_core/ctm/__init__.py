"""A chemical transport model's files: how they are laid out, what they hold, and the daily fields in them."""
