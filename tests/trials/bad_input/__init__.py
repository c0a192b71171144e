"""Classes of bad input; each makes a case from a number and a seed: files in a folder, and what is asked of them."""
