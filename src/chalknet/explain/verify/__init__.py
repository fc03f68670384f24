"""Every line of a solution computed a second time, in another way than the first.

Products are added up term by term, activations and losses follow a second formula, updates are made
anew in extended precision; and every gradient is held against a complex step through an evaluation
of its own. A line that does not agree is an error: it is never shown.
"""

from __future__ import annotations

from chalknet.explain.verify.verification import Verification, verify

__all__ = ["Verification", "verify"]
