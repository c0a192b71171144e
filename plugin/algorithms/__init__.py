"""The Processing algorithms, one per file."""
