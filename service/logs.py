"""Logs of API and worker: one JSON line an event on stderr, and nobody's data.

An exception is told by its kind and the places it came through; its message may hold values, so it is left out. Of a
library's message only the first line is told, for the same reason.
"""

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from api.problems import places_of

MOST = 300  # characters of a library's message


def configure_logging(level: str = "INFO") -> None:
    """Let structlog and the standard library log from `level` on; libraries from WARNING on."""
    least = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            tell_kind_and_places,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=lambda value: type(value).__name__),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers[:] = [Libraries()]
    root.setLevel(max(least, logging.WARNING))


class Libraries(logging.Handler):
    """Passes on what libraries log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Tell a record in the form of our own events."""
        log = structlog.get_logger(record.name)
        first_line = record.getMessage().partition("\n")[0][:MOST]
        log.log(record.levelno, first_line, logger=record.name, exc_info=record.exc_info)


def tell_kind_and_places(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Put an exception's kind and places where structlog would put its text."""
    error: Any = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["at"] = places_of(error)
    return event
