"""The trained network made fast, and made to fit the memory: the same fields from the same weights.

`folded_unet` is the UNet++ with batch normalisation folded in and in the precision of choice.
"""
