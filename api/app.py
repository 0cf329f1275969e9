"""The application: routers, problems, limits, description."""

from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware

from activities.office import Office
from api import problems
from api.auth import KeyRing
from api.limits import BodyLimit, CleanAddress
from api.observe import Metrics, Observer
from api.routers import (
    api_keys,
    application,
    approvals,
    articles,
    balances,
    bank_accounts,
    billing,
    clock,
    contract,
    corrections,
    default,
    disclosure,
    exports,
    health,
    invoices,
    journal,
    maintenance,
    name_changes,
    notice,
    payment,
    price_lists,
    publications,
    retention,
    rules,
    succession,
    tasks,
    termination,
    usage,
    workflows,
)

TITLE = "Yakkan"
VERSION = "1"
DESCRIPTION = "Contract office: carries out a cloud provider's terms of service, article by article."

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    api_keys.router,
    approvals.router,
    tasks.router,
    clock.router,
    rules.router,
    articles.router,
    application.router,
    contract.router,
    termination.router,
    succession.router,
    name_changes.router,
    retention.router,
    disclosure.router,
    publications.router,
    notice.router,
    maintenance.router,
    workflows.router,
    price_lists.router,
    invoices.router,
    balances.router,
    journal.router,
    exports.router,
    billing.router,
    bank_accounts.router,
    corrections.router,
    usage.router,
    payment.router,
    default.router,
)


class Application(FastAPI):
    """FastAPI, with what its description lacks: the problem document and the API key."""

    def openapi(self) -> dict[str, Any]:
        """Describe the API (OpenAPI 3.1)."""
        described = super().openapi()
        components = described.setdefault("components", {})
        components.setdefault("schemas", {})["Problem"] = problems.PROBLEM_SCHEMA
        components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        return described


def create_app(office: Office, *, simulation: clock.Simulation | None = None) -> FastAPI:
    """Build the application for an office; with `simulation`, its clock can be moved.

    Whoever builds it owns the office's engines and clients, and closes them.
    """
    metrics = Metrics()
    app = Application(
        title=TITLE,
        version=VERSION,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # spans would carry query strings
        middleware=[Middleware(Observer, metrics=metrics), Middleware(CleanAddress), Middleware(BodyLimit)],
        exception_handlers=dict.fromkeys((*problems.TABLE, Exception), problems.handle),
    )
    app.state.office = office
    app.state.simulation = simulation
    app.state.metrics = metrics
    app.state.key_ring = KeyRing()
    for router in ROUTERS:
        app.router.routes.extend(router.routes)
    return app
