"""What a user's data and a model look like: the networks, how the variables go together, and the kernels against the wind."""
