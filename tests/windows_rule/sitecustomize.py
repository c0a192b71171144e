"""Python imports a module of this name when it starts: from then on the rule holds."""

import os

from open_files import imposed

for _name, _function in imposed().items():
    setattr(os, _name, _function)
