"""What an output says of its making, and how it is made again.

`files` knows which keys of a request name files, `record` what is written into an output, `repeat` how the output is computed
once more from that and compared.
"""
