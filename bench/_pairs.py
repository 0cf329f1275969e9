"""Two things measured in turn, again and again, so that a busy machine slows both: what counts is their ratio."""

import resource
import statistics
import sys
import time
from collections.abc import Awaitable, Callable

Work = Callable[[], Awaitable[int]]
"""Does a round of work; gives how many pieces it did."""

PAIRS = 5


async def rate(work: Work) -> float:
    """Do a round of work; gives pieces a second."""
    begun = time.perf_counter()
    done = await work()
    return done / (time.perf_counter() - begun)


async def in_turn(subject: Work, reference: Work, pairs: int = PAIRS) -> list[float]:
    """Give the ratio subject : reference of each pair, after one round of each that does not count."""
    ratios: list[float] = []
    for place in range(pairs + 1):
        first, second = await rate(reference), await rate(subject)
        if place:
            ratios.append(second / first)
        sys.stderr.write(f"  round {place} of {pairs}{'' if place else ' (warming up)'}\n")
    return ratios


def told(question: str, ratios: list[float], wanted: str) -> str:
    """Write the median with its spread."""
    median, least, most = statistics.median(ratios), min(ratios), max(ratios)
    return f"{question}: {median:.3f} ({least:.3f} to {most:.3f}, {len(ratios)} pairs); {wanted}"


def most_memory() -> float:
    """Give the most memory that this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
