"""What an output says of its making, and how it is made again.

`files` knows which keys of a request name files, `inputs` what is said of each, `record` what is written into an output, `writing` how
kinds of files hold it that have no attributes, `attributes` and `reading` how it is read again, `repeat` how the output is computed once more
from it and compared.
"""
