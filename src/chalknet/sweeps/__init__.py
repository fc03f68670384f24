"""Many trainings over a grid or a search, recorded in a study database."""
