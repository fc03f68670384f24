"""How a network learns: optimizers, schedules, batches, the loop and its checkpoints."""
