"""How long do letters take that go out in bulk, beside a bare loop over as many connections that sends the same mails?

Ours: `activities.mailing` over the letters of a billing run: stamped, put together from their rows, unsealed, rendered
as PDFs, kept sealed, written as mails, sent over eight connections, recorded with their proofs and audited.
Beside it: aiosmtplib with eight connections that sends the bytes of the same mails, made beforehand.
Both to the same SMTP server in a process of its own, which takes everything.

Told twice: with rendering, of which nothing is left out, and without it: the PDFs of each letter were made before, and
only `compose_invoice` is left out.
"""

import asyncio
import contextlib
import multiprocessing
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from multiprocessing.connection import Connection
from pathlib import Path
from unittest import mock

from aiosmtplib import SMTP
from pydantic import JsonValue
from sqlalchemy import select
from sqlmodel import col

from activities import mailing
from activities.documents import to_email
from activities.gateways.mail import SmtpMailer
from activities.invoice_facts import papers_of
from activities.invoices import ComposedInvoice, compose_invoice
from bench._databases import FULL, KINDS, Database, databases
from bench._office import AFTER, open_office, open_vault
from bench._pairs import told
from bench._world import BEFORE, FORMED, MONTH, application_no, fill
from models.messages.billing import MailingStep
from models.tables import NoticeRow
from models.vault import Vault
from service.progress import say
from service.sink import start_sink

TOGETHER = 500
LETTERS = 10_000 if FULL else 300
RENDERED = 300  # letters that are rendered; where more are sent without rendering, their PDFs serve again
CONNECTIONS = 8
PAIRS = 3 if FULL else 5
BATCH = f"billing-{MONTH}-1"
CONTACT: dict[str, JsonValue] = {
    "name": "経理 花子",
    "email": "keiri@customer.example",
    "address": {"postal_code": "810-0001", "prefecture": "福岡県", "city": "福岡市", "street": "例示町1-1"},
}


def _serve(folder: str, told_to: Connection) -> None:
    """Take mail until told to stop."""
    sink = start_sink("127.0.0.1", 0, Path(folder) / "sink.jsonl")
    told_to.send(sink.port)
    told_to.recv()
    sink.stop()


@contextmanager
def mail_server(folder: Path) -> Iterator[int]:
    """Run an SMTP server in a process of its own; gives its port."""
    context = multiprocessing.get_context("spawn")
    mine, its = context.Pipe()
    process = context.Process(target=_serve, args=(str(folder), its))
    process.start()
    try:
        yield mine.recv()
    finally:
        mine.send(None)
        process.join()


async def furnish(database: Database, vault: Vault, letters: int) -> None:
    """Make a database with the billed month of as many contracts as letters are to go out, with contacts and names."""
    names, contacts = [], []
    for begin in range(1, letters + 1, TOGETHER):
        owners = [application_no(n) for n in range(begin, min(begin + TOGETHER, letters + 1))]
        await vault.create_many(owners)
        await vault.preload_owners(owners)
        for owner in owners:
            names.append(await vault.seal_text(owner, "statutory", "株式会社見本データ"))
            contact = await vault.seal_json(owner, "erasable", CONTACT)
            contacts += [(owner, kind, FORMED, False, contact) for kind in ("contract", "billing")]
    await fill(database, letters, vault, names=names, billed=(BEFORE, MONTH))
    database.fill("contact", ("application_no", "kind", "from_at", "known_wrong", "contact"), contacts)
    database.settle()


async def render(database: Database, vault: Vault) -> tuple[list[ComposedInvoice], list[bytes]]:
    """Render the first letters; gives them, and their mails."""
    database.fresh()
    async with open_office(database.url, vault) as office:
        async with office.readers() as session:
            query = select(NoticeRow).where(col(NoticeRow.batch) == BATCH).order_by(col(NoticeRow.notice_no))
            rows = (await session.scalars(query.limit(RENDERED))).all()
        for row in rows:
            row.stamped_at = AFTER
        papers = await papers_of(office, rows)
        made = [compose_invoice(facts, letter, office.sender) for _, letter, facts in papers]
        mails = [
            to_email(each, letter, office.mail_from, f"<{row.notice_no}@yakkan.example>", enclosed=each.enclosed)
            for each, (row, letter, _) in zip(made, papers, strict=True)
        ]
        return made, [mail.as_bytes() for mail in mails]


async def ours(database: Database, folder: Path, port: int, letters: int) -> float:
    """Send all letters on a fresh copy with a vault just opened; gives seconds."""
    database.fresh()
    mailer = SmtpMailer(f"smtp://127.0.0.1:{port}", connections=CONNECTIONS)
    async with open_vault(folder) as vault, open_office(database.url, vault, mailer) as office:
        begun = time.perf_counter()
        sent = await mailing.Mailings(office).send_letters(MailingStep(batch=BATCH, as_of=AFTER))
        took = time.perf_counter() - begun
    if sent != letters:
        message = f"{sent} of {letters} letters were sent"
        raise RuntimeError(message)
    return took


async def bare(port: int, mails: Sequence[bytes], letters: int) -> float:
    """Send as many mails over eight connections; gives seconds."""
    waiting = iter(islice(cycle(mails), letters))

    async def send() -> None:
        async with SMTP(hostname="127.0.0.1", port=port) as connection:
            for mail in waiting:
                await connection.sendmail("office@yakkan.example", ["keiri@customer.example"], mail)

    begun = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(CONNECTIONS)))
    return time.perf_counter() - begun


async def measure(database: Database, folder: Path, port: int, letters: int, *, rendering: bool) -> None:
    """Measure both in turn."""
    async with open_vault(folder) as vault:
        made, mails = await render(database, vault)
    ready = cycle(made)
    left_out = contextlib.nullcontext() if rendering else mock.patch.object(
        mailing, "compose_invoice", side_effect=ready
    )  # fmt: skip
    ratios = []
    with left_out:
        for place in range(PAIRS + 1):
            first, second = await bare(port, mails, letters), await ours(database, folder, port, letters)
            say(f"  {database.name}: the loop {first:.2f} s, ours {second:.2f} s")
            if place:  # the first one warms up
                ratios.append(second / first)
    how = "with rendering" if rendering else "without rendering"
    what = f"{database.name}: {letters:,} letters of {sum(map(len, mails)) / len(mails) / 1e3:.0f} kB, {how}"
    print(told(f"{what} : a bare loop", ratios, "no target" if rendering else "wanted at most 1.5, aim 1.2"))


async def main() -> None:
    """Measure on both databases."""
    say(f"bench: {LETTERS:,} letters ...")
    with tempfile.TemporaryDirectory(prefix="yakkan-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with mail_server(folder) as port, databases(folder) as opened:
            for kind in KINDS:
                for letters, rendering in ((RENDERED, True), (LETTERS, False)):
                    database = opened(kind, f"letters_{kind}_{rendering}".lower())
                    async with open_vault(folder) as vault:
                        await furnish(database, vault, letters)
                    await measure(database, folder, port, letters, rendering=rendering)
                    database.drop()


if __name__ == "__main__":
    asyncio.run(main())
