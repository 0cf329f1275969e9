"""Simulated business time: the whole service on a clock that `POST /v1/clock` moves.

Every workflow has a clock of its own on the Temporal server, which can be made to skip time. The simulation lets all
of them come to rest, reads the earliest deadline out of their histories, brings all to that instant, and lets them
rest again, until it has reached where it was sent. Production code knows nothing of it: it gets a `Clock` and a
client, and here both are on business time.
"""

from service.simulation.clock import SimulatedClock
from service.simulation.starts import on_business_time
from service.simulation.world import Advanced, AlreadyAdvancing, CannotGoOn, Fired, Past, Simulation

__all__ = [
    "Advanced",
    "AlreadyAdvancing",
    "CannotGoOn",
    "Fired",
    "Past",
    "SimulatedClock",
    "Simulation",
    "on_business_time",
]
