"""A run: measure what was chosen, printing each table and saving after each, then draw."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from functools import cache
from typing import Any

from benchmarks import figures, peak, results
from benchmarks.curves import COMPARED, CURVES, trace
from benchmarks.measure import Result, Say, measure
from benchmarks.peak import Peak
from benchmarks.peers import PEERS
from benchmarks.problems import Settings
from benchmarks.workloads import WORKLOADS


def workloads(chosen: list[str], options: Namespace, head: dict[str, Any], say: Say) -> int:
    """Returns 1 if a library that is here failed or did another job than the others."""
    peers = [PEERS[name] for name in options.peers or PEERS]
    settings = Settings(options.threads, options.engine)
    found: list[Result] = []
    data = head | {"peak": {}, "cases": []}
    for name in chosen:
        for case in WORKLOADS[name]():
            chosen_case = case.quick() if options.quick else case
            result = measure(chosen_case, peers, settings, options.repeats, say)
            at_most = _peak(result.dtype, settings.threads)
            print(results.table(result, at_most), end="\n\n", flush=True)
            found.append(result)
            data["peak"][result.dtype] = asdict(at_most)
            data["cases"].append(results.as_data(result, at_most))
            results.write_json(options.output / "workloads.json", data)
    for dtype, at_most in data["peak"].items():
        print(f"peak, {dtype}: {at_most['gflops']:.0f} GFLOP/s by {at_most['by']}")
    figures.ratios(found, options.output / "workloads.png")
    print(f"written: {options.output / 'workloads.json'}, {options.output / 'workloads.png'}")
    return int(any(_went_wrong(result) for result in found))


def scaling(chosen: list[str], options: Namespace, head: dict[str, Any], say: Say) -> int:
    """Returns 1 if a library that is here failed or did another job than the others."""
    peers = [PEERS[name] for name in options.peers or COMPARED]
    settings = Settings(options.threads, options.engine)
    data, found = head | {"curves": {}}, {}
    for name in chosen:
        found[CURVES[name]] = points = trace(
            CURVES[name], peers, settings, options.repeats, options.quick, say
        )
        data["curves"][name] = []
        for point in points:
            at_most = _peak(point.result.dtype, point.threads)
            print(results.table(point.result, at_most), end="\n\n", flush=True)
            described = {"x": point.x, "samples": point.samples, "threads": point.threads}
            data["curves"][name].append(described | results.as_data(point.result, at_most))
        results.write_json(options.output / "scaling.json", data)
    figures.curves(found, options.output / "scaling.png")
    print(f"written: {options.output / 'scaling.json'}, {options.output / 'scaling.png'}")
    return int(any(_went_wrong(point.result) for points in found.values() for point in points))


def estimators(chosen: list[str], options: Namespace, head: dict[str, Any], say: Say) -> int:
    """Returns 1 if the estimators did not do the same as scikit-learn's."""
    from benchmarks import estimators as pair
    from benchmarks.workloads.estimators import TASKS

    data, invalid = head | {"tasks": []}, False
    for name in chosen:
        for task in TASKS[name]():
            some = task.quick() if options.quick else task
            found = pair.measure(some, options.repeats, options.threads, say)
            print(pair.table(found), end="\n\n", flush=True)
            data["tasks"].append(pair.as_data(found))
            results.write_json(options.output / "estimators.json", data)
            invalid |= found.objection is not None
    print(f"written: {options.output / 'estimators.json'}")
    return int(invalid)


def together(options: Namespace, head: dict[str, Any], say: Say) -> int:
    """Returns 1 if a network that was trained beside others is not what it is alone."""
    from benchmarks import together as pair

    found = []
    for group in pair.groups(options.quick):
        found.append(pair.measure(group, options.repeats, say))
        data = head | {"groups": [pair.as_data(one) for one in found]}
        results.write_json(options.output / "together.json", data)
    print(pair.table(found))
    print(f"written: {options.output / 'together.json'}")
    return int(any(one.objection for one in found))


@cache
def _peak(dtype: str, threads: int) -> Peak:
    return peak.measured(dtype, threads)


def _went_wrong(result: Result) -> bool:
    return any((row.objection or "").startswith(("failed", "invalid")) for row in result.rows)
