"""What the API shows of itself: request ids, one log line a request, metrics. None of them names anybody.

Paths are told by their template, callers by the id of their key; query strings and bodies are told nowhere.
"""

import secrets
import time
from http import HTTPStatus

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID = "X-Request-Id"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
"""What every answer says, unless a page says it otherwise."""

log = structlog.get_logger("api")


class Metrics:
    """The numbers at /metrics, in a registry of their own: several applications may live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "yakkan_http_requests",
            "Requests by route and status.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "yakkan_http_request_seconds", "Time to answer, by route.", ["method", "route"], registry=self.registry
        )
        self.outbox = Gauge("yakkan_outbox_waiting", "Messages not delivered yet.", registry=self.registry)
        self.workflows = Gauge("yakkan_workflows_open", "Open workflows by type.", ["type"], registry=self.registry)


class Observer:
    """ASGI middleware: the headers that every answer has, one log line and two metrics a request."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry one request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, began = secrets.token_hex(8), time.perf_counter()
        status = int(HTTPStatus.INTERNAL_SERVER_ERROR)

        async def send_framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _frame(MutableHeaders(scope=message), request_id)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_framed)
            finally:
                self._tell(scope, status, time.perf_counter() - began)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        path = getattr(scope.get("route"), "path", None)
        route = "none" if path is None else scope.get("root_path", "") + path
        self._metrics.requests.labels(scope["method"], route, status).inc()
        self._metrics.seconds.labels(scope["method"], route).observe(seconds)
        caller = scope.get("state", {}).get("principal")
        log.info(
            "request",
            method=scope["method"],
            route=route,
            status=status,
            ms=round(seconds * 1000, 1),
            key_id=getattr(caller, "key_id", None),
            role=getattr(caller, "role", None),
        )


def _frame(headers: MutableHeaders, request_id: str) -> None:
    headers[REQUEST_ID] = request_id
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
