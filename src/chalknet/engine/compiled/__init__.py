"""The compiled engine: the mathematics of ``operations/`` run at the speed of the processor.

``docs/engine.md`` tells how a step runs and why it is deterministic. In the order to read:

    layout.py      what a kernel is told: where each array lies, how weights are tiled in panels
    step.py        the kernel: many steps in one call, in stages that threads share
    stages.py      a layer's forward and backward sweep; update.py: what the optimizer makes of it
    gather.py      samples on their way in; losses.py: what comes of them on the way out
    gemm.py        Z = XW + b, dA = dZ Wᵀ, dW = Xᵀ dZ with one register tile
    tile.py        that tile, and the few other things said directly to LLVM
    teamwork.py    how threads divide the work and wait for each other
    formulas.py    the formulas of operations/, traced into expressions
    emit.py        an expression as vector code; elementary.py has exp and its relatives
    compilation.py Python kernels through Numba to object files
    objects.py     object files: made once a machine, kept in a cache, loaded
    kernels.py     the kernels that a network needs, as addresses
    workspace.py   the arrays of one network, and the descriptor that points to them
    session.py     … with optimizer and loss, to train; predictor.py: only to predict
    threads.py     which threads run a kernel
    processor.py   what this processor can do
    engine.py      the engine that training and prediction call
"""
