"""How result files become layers: read what the file says of itself, then name, colour and date the layer."""
