"""What a user may choose for the analysis step: by itself, so that reading a request waits for no torch."""

CHOICES = ("off", "auto", "network", "kriging", "on")
