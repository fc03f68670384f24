"""The compiled engine: the mathematics of ``operations/`` run at the speed of the processor.

``docs/engine.md`` tells how a step runs and why it is deterministic. In the order to read:

    layout.py      what a kernel is told: where each array lies, how weights are tiled in panels
    step.py        the training kernel: many steps in one call, each in stages that threads share
    gemm.py        Z = XW + b, dA = dZ Wᵀ, dW = Xᵀ dZ with one register tile
    tile.py        that tile, and the few other things said directly to LLVM
    formulas.py    the formulas of operations/, traced into expressions
    emit.py        an expression as vector code; elementary.py has exp and its relatives
    objects.py     machine code: made once a machine, kept in a cache, loaded
    threads.py     which threads run a kernel
    session.py     the arrays of one training run, and the descriptor that points to them
    engine.py      the engine that training and prediction call
"""
