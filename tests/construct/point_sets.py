"""Random sets of points that are hard on float64, and what a network misses them by, in fractions.

``python -m construct.point_sets 100000`` in this folder's parent prints the worst of so many.
"""

from __future__ import annotations

import collections
import itertools
import math
import sys
import time
from fractions import Fraction

import numpy as np

from chalknet.construct.relu_interpolation import fit_relu


def missed(weights, constant, x, y):
    """The network minus y at each point, exactly; weights w, b, a and points of any kind."""
    rows = [tuple(map(Fraction, row)) for row in zip(*weights, strict=True)]
    left = [Fraction(constant) - Fraction(value) for value in y]
    places = list(map(Fraction, x))
    for face in (1, -1):
        knots = sorted((face * -b / w, a * w, a * b) for w, b, a in rows if face * w > 0)
        slope = offset = Fraction(0)
        j = 0
        for i in range(len(places))[::face]:
            while j < len(knots) and knots[j][0] < face * places[i]:
                slope, offset = slope + knots[j][1], offset + knots[j][2]
                j += 1
            left[i] += slope * places[i] + offset
    return left


def units_missed(fit, x, y):
    """The largest residual, in units in the last place of the largest |y|, as it truly is."""
    floats = [float(value) for value in y]
    if not fit.as_given:
        x, y = [float(value) for value in x], floats
    weights = fit.w_hidden.tolist(), fit.b_hidden.tolist(), fit.w_output.tolist()
    worst = max(map(abs, missed(weights, fit.b_output, x, y)))
    return float(worst / Fraction(math.ulp(max(map(abs, floats)))))


# in float64 ----------------------------------------------------------------------------------


def bunches(n, rng, widest):
    """Neighbouring floats, and points not far from them."""
    centres = rng.random(max(2, n // 3))
    return np.concatenate([centres, np.nextafter(centres, 9), centres + widest * rng.random()])


ABSCISSAS = {
    "even": lambda n, _: np.linspace(-1, 2, n),
    "random": lambda n, rng: rng.random(n),
    "whole": lambda n, rng: np.cumsum(rng.integers(1, 4, n)).astype(float),
    "short": lambda n, rng: rng.integers(-64, 64, n) / 2.0 ** rng.integers(0, 5),
    "clustered": lambda n, rng: np.cumsum(10.0 ** rng.uniform(-rng.choice([2, 4, 6, 9]), 0, n)),
    "exponential": lambda n, rng: np.exp(8 * rng.random(n) ** 3),
    "far": lambda n, rng: rng.choice([1e3, 1e6, 1e9, -1e12]) + rng.random(n) * rng.choice([1, 1e3]),
    "geometric": lambda n, rng: 10.0 ** rng.uniform(-8, 3, n) * rng.choice([-1, 1], n),
    "neighbours": lambda n, rng: bunches(n, rng, 2.0**-51),
    "jumps": lambda n, rng: bunches(n, rng, 1e-3),
    "any bits": lambda n, rng: rng.normal(size=n) * 2.0 ** rng.integers(-60, 60, n),
    "600 octaves": lambda n, rng: rng.normal(size=n) * 2.0 ** rng.integers(-300, 300, n),
}


def lines(x, rng):
    knots = rng.choice(x, 1 + len(x) // 6, replace=False)
    return np.maximum(0, x[:, np.newaxis] - knots) @ rng.normal(size=len(knots)) + rng.normal()


def almost_lines(x, rng):
    y = lines(x, rng)
    return y + rng.integers(-4, 5, len(x)) * np.spacing(np.abs(y).max())


ORDINATES = {
    "noise": lambda x, rng: rng.normal(size=len(x)),
    "noise far up": lambda x, rng: rng.choice([1e3, 1e6, 1e9]) + rng.normal(size=len(x)),
    "smooth": lambda x, _: np.sin(9 * x / np.ptp(x)),
    "walk": lambda x, rng: np.cumsum(rng.normal(size=len(x))),
    "few values": lambda x, rng: rng.integers(0, 3, len(x)) / 3,
    "lines": lines,
    "almost lines": almost_lines,
    "steps": lambda x, rng: np.repeat(rng.normal(size=len(x)), 3)[: len(x)],
    "ramps": lambda x, rng: np.arange(len(x)) // 3 * rng.random() + x / np.abs(x).max(),
    "all sizes": lambda x, rng: rng.normal(size=len(x)) * 10.0 ** rng.uniform(-9, 0, len(x)),
}


def float_set(rng, most):
    """A name, x and y: some kind of either, on some scale."""
    while True:
        kinds = rng.choice(list(ABSCISSAS)), rng.choice(list(ORDINATES))
        n = int(np.exp(rng.uniform(np.log(2), np.log(most))))
        x = np.unique(ABSCISSAS[kinds[0]](n, rng))
        if len(x) < 2:
            continue
        y = ORDINATES[kinds[1]](x, rng)
        if rng.random() < 0.3:
            with np.errstate(over="ignore"):
                x = x * 10.0 ** rng.choice([-20, -5, 0, 5, 20])
                y = y * 10.0 ** rng.choice([-300, -150, -20, 0, 20, 150, 290])
        if len(np.unique(x)) == len(y) and np.isfinite([x, y]).all():
            return kinds, x, y


# in fractions --------------------------------------------------------------------------------


def decimals(n, rng):
    places = 10 ** int(rng.integers(1, 4))
    return [Fraction(int(value), places) for value in np.cumsum(rng.integers(1, 3, n))]


def far_decimals(n, rng):
    offset, places = int(rng.choice([10**6, -(10**9), 1_700_000_000])), int(rng.choice([10, 100]))
    return [offset + Fraction(i, places) for i in range(n)]


def spelled(n, rng):
    kind = rng.choice(["random", "clustered", "geometric", "jumps", "far"])
    return [Fraction(repr(float(value))) for value in np.unique(ABSCISSAS[kind](n, rng))]


WRITTEN = {
    "decimals": decimals,
    "far decimals": far_decimals,
    "thirds": lambda n, _: [Fraction(i, 3) for i in range(n)],
    "sevenths": lambda n, _: [Fraction(i, 7) for i in range(n)],
    "whole numbers": lambda n, rng: [Fraction(int(v)) for v in np.cumsum(rng.integers(1, 4, n))],
    "any fractions": lambda n, rng: [
        Fraction(int(p), int(q))
        for p, q in zip(rng.integers(-300, 300, n), rng.integers(1, 40, n), strict=True)
    ],
    "spelled floats": spelled,
}


def written_set(rng, most):
    """A name, x and y in fractions; slopes are drawn, so that pieces are long and knots cancel."""
    kind = rng.choice(list(WRITTEN))
    x = sorted(set(WRITTEN[kind](int(np.exp(rng.uniform(np.log(2), np.log(most)))), rng)))
    if len(x) < 2:
        return written_set(rng, most)
    stays = rng.choice([0.0, 0.7])
    parts = int(rng.choice([1, 3, 10]))
    y, slope = [Fraction(int(rng.integers(-9, 10)), parts)], Fraction(1)
    for before, at in itertools.pairwise(x):
        if rng.random() >= stays:
            slope = Fraction(int(rng.integers(-20, 21)), parts)
        y.append(y[-1] + slope * (at - before))
    return (kind, "runs" if stays else "slopes"), x, y


def trials(count, seed, most):
    """Fits of so many sets, half of them in fractions, with what each truly misses."""
    for i in range(count):
        rng = np.random.default_rng([seed, i])
        written = i % 2
        kinds, x, y = (written_set if written else float_set)(rng, most)
        option = str(rng.choice(["as few as found", "sparsest", "2 more"], p=[0.6, 0.25, 0.15]))
        given = {"sparsest": option == "sparsest", "arithmetic": "exact" if written else "float64"}
        fit = fit_relu(x, y, **given)
        if option == "2 more":
            fit = fit_relu(x, y, neurons=fit.neurons + 2, **given)
        yield i, kinds, option, fit, units_missed(fit, x, y)


def main():
    count, begun = int(sys.argv[1]), time.process_time()
    rows = collections.defaultdict(list)
    for i, kinds, option, fit, units in trials(count, 0, 60):
        rows[kinds[0], option].append((units, fit.added, fit.as_given, i))
    for (kind, option), found in sorted(rows.items()):
        worst = max(found)
        added = sum(more > 0 for _, more, _, _ in found)
        given = sum(as_given for _, _, as_given, _ in found)
        print(
            f"{kind:15}{option:17}{len(found):7,} sets, {worst[0]:5.3f} units at worst "
            f"(set {worst[3]}), {added:6,} with neurons added, {given:6,} at the points as given"
        )
    units = [found[0] for kind in rows.values() for found in kind]
    print(f"{count:,} sets, {max(units):.3f} units at worst, {sum(u > 4 for u in units)} above 4")
    print(f"{time.process_time() - begun:.0f} s")


if __name__ == "__main__":
    main()
