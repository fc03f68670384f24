"""ONNX, the exchange format of networks: written, and read where the graph is an MLP.

Both directions go through chalknet's own few pages of Protocol Buffers (``wire.py``) and need no
library: a practitioner's small installation stays small, the reader can name the offset of what is
wrong, and it checks every size before it allocates anything.
"""

from __future__ import annotations

from chalknet.export.onnx.reading import read_onnx
from chalknet.export.onnx.writing import onnx_signature, write_onnx

__all__ = ["onnx_signature", "read_onnx", "write_onnx"]
