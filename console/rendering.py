"""Pages from templates: Jinja2 with everything escaped, and dates as Japan reads them."""

from datetime import date, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from activities.wording import clause
from console.session import PATH
from terms.periods import JST

TEMPLATES = Path(__file__).parents[1] / "templates" / "console"


def moment(value: datetime) -> str:
    """Show an instant in Japan time, 2026-08-31 09:05."""
    return f"{value.astimezone(JST):%Y-%m-%d %H:%M}"


def machine(value: datetime | date) -> str:
    """Write an instant or day for machines (the attribute `datetime`)."""
    return value.isoformat()


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.globals["root"] = PATH
_ENVIRONMENT.filters.update({"moment": moment, "machine": machine, "clause": clause})


def page(template: str, status: int = 200, **values: object) -> HTMLResponse:
    """Render a page; what its template names must be among the values."""
    return HTMLResponse(_ENVIRONMENT.get_template(template).render(values), status)
