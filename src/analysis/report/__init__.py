"""How notebooks become pages: clean kernels, and the build that runs them, judges them and puts them in place."""
