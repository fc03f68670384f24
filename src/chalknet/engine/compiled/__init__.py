"""The compiled engine: the mathematics of ``operations/`` run at the speed of the processor.

``docs/engine.md`` tells how a step runs and why it is deterministic. In the order to read:

    layout.py      what a kernel is told: where each array lies, how weights are tiled in panels
    step.py        the kernel: many steps in one call, in stages that threads share
    stages.py      a layer's forward and backward sweep; update.py: what the optimizer makes of it
    gather.py      samples on their way in; losses.py: what comes of them on the way out
    predict.py     the kernel when it only predicts
    gemm.py        Z = XW + b, dA = dZ Wᵀ, dW = Xᵀ dZ with one register tile
    shared_zeros.py, sparse_rows.py   the first layer's products without zeros, two ways
    abreast.py     the same for several networks at once
    density.py     which of them is best for given data
    tile.py        the register tile; marking.py: finding what is not zero
    registers.py, instructions.py     what is said directly to LLVM
    grid.py        a thread's share of a layer; teamwork.py: how threads wait for each other
    formulas.py    the formulas of operations/, traced into expressions
    emit.py        an expression as vector code, in the words of lanes.py; elementary.py has exp and
                   its relatives
    compilation.py Python kernels through Numba to object files
    objects.py     object files: made once a machine, kept in a cache, loaded
    kernels.py     the kernels that a network needs, as addresses
    workspace.py   the arrays of one network, and the descriptor that points to them
    session.py     … with optimizer and loss, to train; predictor.py: only to predict
    attempt.py     steps that count if all numbers stay finite
    together.py    several networks that train on the same samples
    threads.py     which threads run a kernel; places.py: on cores of their own
    processor.py   what this processor can do
    ahead.py       everything compiled before it is needed
    engine.py      the engine that training and prediction call
"""
