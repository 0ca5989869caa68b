"""Rows of the bench: a figure, its floor measured in the same run, and the goal for their ratio."""

import json
import os
import platform
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """`ratio` is value over floor; `goal` says which way it should go and how far. No floor: an absolute goal."""

    name: str
    value: float
    unit: str
    floor: float | None = None
    ratio: float | None = None
    goal: str = ""


ROWS: list[Row] = []


def row(name: str, value: float, unit: str, *, floor: float | None = None, goal: str = "") -> None:
    ratio = value / floor if floor else None
    ROWS.append(
        Row(
            name,
            round(value, 3),
            unit,
            None if floor is None else round(floor, 3),
            ratio and round(ratio, 2),
            goal,
        )
    )
    print(line(ROWS[-1]), flush=True)  # noqa: T201 - a bench prints


def quantile(samples: list[float], share: float) -> float:
    """The sample at that share; p50 is the median."""
    if share == 0.5:
        return statistics.median(samples)
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def missed(one: Row) -> bool:
    """Whether the ratio (or the value, where there is no floor) is on the wrong side of the goal's first number."""
    way, _, rest = one.goal.partition(" ")
    if not rest:
        return False
    shown, wanted = one.value if one.ratio is None else one.ratio, float(rest.split()[0])
    return shown > wanted if way == "<=" else shown < wanted


def line(one: Row) -> str:
    floor = "" if one.floor is None else f"{one.floor:,.2f}"
    ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
    return f"| {one.name:<58} | {one.value:>11,.2f} | {one.unit:<7} | {floor:>11} | {ratio:>6} | {one.goal:<22} |"


HEAD = (
    f"| {'what':<58} | {'value':>11} | {'unit':<7} | {'floor':>11} | {'ratio':>6} | {'goal':<22} |\n"
    f"|{'-' * 60}|{'-' * 13}|{'-' * 9}|{'-' * 13}|{'-' * 8}|{'-' * 24}|"
)


def machine(server: str) -> str:
    versions = {"Python": platform.python_version(), "PostgreSQL": server, "cores": os.cpu_count()}
    return f"{platform.machine()}, " + ", ".join(f"{name} {value}" for name, value in versions.items())


def write(path: Path, server: str, day: str) -> None:
    """`docs/benchmarks.md`: the last table, and where it was measured."""
    rows = "\n".join(line(one) for one in ROWS)
    path.write_text(
        "# Benchmarks\n\n"
        "`make bench` prints this table: each row with its floor measured in the same run. The figures are of one noisy\n"
        "machine; the ratios are what counts.\n\n"
        f"Last run: {day}, {machine(server)}.\n\n{HEAD}\n{rows}\n{_misses()}"
    )


def _misses() -> str:
    names = "".join(f"- {one.name}\n" for one in ROWS if missed(one))
    return (
        f"\nRows that missed their goal in this run:\n\n{names}" if names else "\nEvery row met its goal.\n"
    )


def write_json(path: Path) -> None:
    path.write_text("".join(json.dumps(asdict(one)) + "\n" for one in ROWS))
