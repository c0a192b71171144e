"""The trained network made fast, and made to fit the memory: the same fields from the same weights.

`folded_unet` is the UNet++ with batch normalisation folded in and in the precision that `precision` chooses; `fast_network`
puts it into a copy of the trained network. `batches` holds what happens where memory runs out, `memory` what is thought to
fit, and `tiles` predicts a grid that does not fit, in the `windows` that it is cut into. `Predictor` uses them all.
"""
