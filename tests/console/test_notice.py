"""The letters at the console: who sees what, and that it goes on record."""

import pytest
from sqlalchemy import select
from sqlmodel import col

from activities.office import Office
from console.pages import notice
from models.tables import AuditEventRow
from tests.console.conftest import Desk
from tests.console.letters import PDF


async def views(office: Office) -> list[tuple[str, str, object]]:
    """List who viewed what."""
    async with office.readers() as session:
        rows = (await session.execute(select(AuditEventRow).order_by(col(AuditEventRow.id)))).scalars().all()
    assert {(row.action, row.article) for row in rows} <= {("letter_viewed", "22(3)")}
    return [(row.actor, str(row.basis["notice_no"]), row.basis["what"]) for row in rows]


async def test_the_list(office: Office, desk: Desk) -> None:
    """Letters are listed, the newest first, with title, channel, state and dates in Japan time; that is no view."""
    await desk.log_in("billing-1")
    page = (await desk.http.get("/console/letters")).text

    assert page.index("N-000003") < page.index("N-000002") < page.index("N-000001")
    for words in ("承諾通知書", "A-000001", "電子メール", "発信待ち", "2026-03-25 09:05", "2026-03-26 00:00"):
        assert words in page
    assert await views(office) == []


async def test_pages_of_the_list(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long list has pages; each letter stands on one of them."""
    monkeypatch.setattr(notice, "ROWS", 2)
    await desk.log_in("support-1")
    first = (await desk.http.get("/console/letters")).text
    assert "/console/letters?before=N-000002" in first
    second = (await desk.http.get("/console/letters?before=N-000002")).text

    assert [f"/letters/N-00000{n}" in first for n in (1, 2, 3)] == [False, True, True]
    assert [f"/letters/N-00000{n}" in second for n in (1, 2, 3)] == [True, False, False]
    assert "before=N-000001" not in second


async def test_a_letter_and_its_document(office: Office, desk: Desk) -> None:
    """Who has contact rights opens the letter and its PDF; both views stand in the audit."""
    await desk.log_in("support-1")
    page = await desk.http.get("/console/letters/N-000001")
    pdf = await desk.http.get("/console/letters/N-000001/document.pdf")

    assert "第9条第1項" in page.text
    assert "/console/letters/N-000001/document.pdf" in page.text
    assert (pdf.content, pdf.headers["Content-Type"]) == (PDF, "application/pdf")
    assert await views(office) == [
        ("support:support-1", "N-000001", "page"),
        ("support:support-1", "N-000001", "document"),
    ]


async def test_without_contact_rights(office: Office, desk: Desk) -> None:
    """Billing sees that there is a letter, not what it says."""
    await desk.log_in("billing-1")
    page = await desk.http.get("/console/letters/N-000001")
    pdf = await desk.http.get("/console/letters/N-000001/document.pdf")

    assert page.status_code == 200
    assert "document.pdf" not in page.text
    assert (pdf.status_code, PDF in pdf.content) == (403, False)
    assert ("billing:billing-1", "N-000001", "document") not in await views(office)


async def test_what_is_not_there(desk: Desk) -> None:
    """An unknown letter, a strange number and a letter without document are a page that says so."""
    await desk.log_in("support-1")
    for path in ("N-999999", "N-000003/document.pdf", "<script>", "a%0ab"):
        answer = await desk.http.get(f"/console/letters/{path}")
        assert answer.status_code == 404
        assert "<script>" not in answer.text


async def test_what_was_erased(office: Office, desk: Desk) -> None:
    """A letter whose key was destroyed can't be opened by anybody."""
    await desk.log_in("support-1")
    await office.vault.destroy("A-000001", "statutory")

    assert (await desk.http.get("/console/letters/N-000001/document.pdf")).status_code == 410
