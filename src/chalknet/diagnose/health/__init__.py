"""The health of data, networks and training: findings, each with evidence and one thing to try."""

from __future__ import annotations

from chalknet.diagnose.health.checkup import Watch, check_health
from chalknet.diagnose.health.finding import Finding
from chalknet.diagnose.health.units import count_units

__all__ = ["Finding", "Watch", "check_health", "count_units"]
