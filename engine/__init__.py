"""PyScan's engine: everything that knows networks, and nothing that knows a terminal."""

import os

# No linear algebra happens here; OpenBLAS's thread pool would cost every start up to 60 ms.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
