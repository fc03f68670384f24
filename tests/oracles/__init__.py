"""Independent answers: what the tests hold chalknet against. Nothing here imports chalknet.

``floats`` chooses numbers, ``exact`` computes to 60 digits, ``complex_step`` differentiates.
"""
