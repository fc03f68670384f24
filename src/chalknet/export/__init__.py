"""Models in other formats and back: ONNX, PyTorch, stand-alone code, safetensors, workbooks."""
