"""How often planted mistakes are found, kind by kind.

From the repository's root:  PYTHONPATH=tests python -m explain.check.campaign 1000 [KIND …]

``line``: the first wrong line is named. ``cause``: and the planted kind. ``same``: and another kind
that gives the very same sheet, the planted one being mentioned.
"""

from __future__ import annotations

import random
import sys
from collections import Counter

from chalknet.explain.check import check
from explain.check.planting import KINDS, named, planted
from explain.check.problems import problem_of


def main(networks, kinds):
    print(f"{'':30}{'line':>9}{'cause':>9}{'same':>9}")
    for kind in kinds or KINDS:
        found = Counter()
        for seed in range(networks):
            case = planted(kind, random.Random(f"{kind}-{seed}"))
            marking = check(problem_of(case.task), case.sheet)
            if marking.first_wrong == case.first_wrong:
                found["line"] += 1
                found[named(case, marking)] += 1
        rates = [found[name] / networks for name in ("line", "named", "coincides")]
        print(f"{kind:30}" + "".join(f"{rate:>9.1%}" for rate in rates), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
