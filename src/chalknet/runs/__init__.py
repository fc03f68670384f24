"""A run: its configuration, its folder, and the job of training into it."""
