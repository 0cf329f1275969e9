"""The command line. Exit codes: 0 done, 1 failed, 2 wrong usage. Long work shows its progress on stderr."""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Never

import typer

if TYPE_CHECKING:
    from service.settings import Settings

app = typer.Typer(
    name="yakkan",
    help="Carry out a cloud provider's terms of service, article by article.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
    add_completion=False,
)

Data = Annotated[Path, typer.Option(help="Folder of the service's data.", envvar="YAKKAN_DATA_DIR")]


def leave(code: int) -> Never:
    """End this process; one that used Temporal's SDK may crash in an ordinary exit."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def configured(**values: object) -> "Settings":
    """Read the settings; says which variable is wrong and ends with 2."""
    from pydantic import ValidationError

    from service.settings import Settings, variable

    try:
        return Settings(**values)  # type: ignore[arg-type]  # pydantic checks them
    except ValidationError as wrong:
        for error in wrong.errors():
            name = str(error["loc"][0]) if error["loc"] else ""
            shown = variable(name) if name in Settings.model_fields else name
            sys.stderr.write(f"{shown}: {error['msg']}\n")
        raise typer.Exit(2) from None


def _follow_up() -> None:
    """End this process some time after the `yakkan up` that started it, if one did."""
    from service.lifeline import PARENT_VARIABLE, end_when_orphaned

    if PARENT_VARIABLE in os.environ:
        end_when_orphaned(os.getppid())


def _serve(work: Coroutine[None, None, None]) -> int:
    """Serve until SIGTERM or Ctrl-C; stopped in order is no failure."""

    async def until_stopped() -> None:
        task = asyncio.ensure_future(work)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(until_stopped())
    return 0


def _instant(text: str) -> datetime:
    """Read an instant with an offset.

    Raises:
        typer.BadParameter: it is no instant, or it has no offset.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        message = f"{text!r} is no instant with an offset, such as 2026-03-25T09:00+09:00"
        raise typer.BadParameter(message)
    return instant


@app.command()
def up(
    data: Data = Path(".yakkan"),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of API and console; 0: any free one.")] = 8000,
    simulate: Annotated[
        datetime | None,
        typer.Option(parser=_instant, metavar="INSTANT", help="Begin here in simulated time; POST /v1/clock moves it."),
    ] = None,
    seed: Annotated[bool, typer.Option("--seed", help="Make contracts in every state.")] = False,
) -> None:
    """Start the whole service in one process tree; Ctrl-C stops it, the same command goes on where it was."""
    configured(data_dir=data)
    from service.up import Options
    from service.up import up as run

    leave(asyncio.run(run(Options(data=data, port=port, simulate=simulate, seed=seed))))


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the letters and invoices (PDF).")] = Path("yakkan-demo"),
) -> None:
    """Play a contract's whole life in simulated time, and print it with dates and articles."""
    from service.demo import play

    leave(play(out))


@app.command()
def rule(
    name: Annotated[str, typer.Argument(help="Name of the rule, such as termination-end.")],
    request: Annotated[str, typer.Argument(metavar="JSON", help="What the rule is asked, as a JSON object.")],
) -> None:
    """Answer a rule of the terms, with its derivation."""
    from service.rule_command import USAGE, run_rule

    code, answer = run_rule(name, request)
    typer.echo(answer, err=code == USAGE)
    raise typer.Exit(code)


@app.command()
def articles() -> None:
    """List the articles: the rules, workflows, letters and tests of each."""
    from service.coverage import articles as listed

    typer.echo(listed(), nl=False)


@app.command()
def about(
    subject: Annotated[str, typer.Argument(help="A subject, such as termination.")],
) -> None:
    """Show a subject: its files, articles, messages and letters."""
    from service.coverage import about as told

    typer.echo(told(subject), nl=False)


@app.command()
def api(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
) -> None:
    """Serve API and console (one process; compose and production)."""
    settings = configured()
    _follow_up()
    from service.wiring import serve_api

    leave(_serve(serve_api(settings, host, port)))


@app.command()
def worker(
    queue: Annotated[
        list[str] | None, typer.Option(help="Task queue to work on; may be given again. None: all of them.")
    ] = None,
) -> None:
    """Work on task queues (one process; compose and production)."""
    settings = configured()
    _follow_up()
    from service.wiring import serve_worker

    leave(_serve(serve_worker(settings, queue)))


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema, and the server of TEMPORAL_ADDRESS to our namespace."""
    settings = configured()
    from service.database import migrate as upgrade
    from service.temporal_server import prepare

    async def run() -> None:
        await upgrade(settings.database_url)
        if "temporal_address" in settings.model_fields_set:
            await prepare(settings.temporal_address, settings.temporal_namespace)

    asyncio.run(run())
    leave(0)


@app.command()
def doctor(data: Data = Path(".yakkan")) -> None:
    """Show what is configured, reachable and missing."""
    settings = configured(data_dir=data)
    from service.doctor import examine

    leave(asyncio.run(examine(settings)))


@app.command()
def verify(data: Data = Path(".yakkan")) -> None:
    """Check the invariants over all stored data, also beside a running service; 1 if one does not hold."""
    settings = configured(data_dir=data)
    from service.verify.command import verify as run

    leave(run(settings))


if __name__ == "__main__":
    app()
