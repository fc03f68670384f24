"""Models in other formats and back: ONNX, PyTorch, stand-alone code, safetensors, Keras's arrays.

Writing starts in ``exporting.py``, reading in ``importing.py``. What every format needs to know of
a model is said once: ``head.py`` (what stands behind the last layer), ``rows.py`` (what raw rows
are) and ``description.py`` (all but the weights, as metadata).
"""
