"""People and letters for the console's tests."""

from datetime import UTC, datetime, timedelta

from argon2 import PasswordHasher

from activities.office import Office
from models.tables import DocumentRow, NoticeRow, PersonRow

PASSWORD = "correct horse"
PDF = b"%PDF-1.7 the letter"
SHA256 = "a" * 64
BEGAN = datetime(2026, 3, 25, tzinfo=UTC)
ROLES = ("support", "billing")


async def fill(office: Office) -> None:
    """Let a clerk of each role in, and write three letters: one arrived, one sent, one waiting."""
    await office.vault.create("A-000001")
    password_hash = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    async with office.sessions.begin() as session:
        for role in ROLES:
            login = f"{role}-1"
            row = PersonRow(person=login, role=role, login=login, password_hash=password_hash, created_at=BEGAN)
            session.add(row)
        for n, state in enumerate(("arrived", "dispatched", "queued"), 1):
            session.add(await letter(office, n, state))
        content = await office.vault.seal("A-000001", "statutory", PDF)
        session.add(
            DocumentRow(
                document_id="N-000001/a",
                notice_no="N-000001",
                owner="A-000001",
                media_type="application/pdf",
                sha256=SHA256,
                content=content,
                created_at=BEGAN,
            )
        )


async def letter(office: Office, n: int, state: str) -> NoticeRow:
    """Make the row of a letter; only the first has its document."""
    sent = state != "queued"
    return NoticeRow(
        notice_no=f"N-{n:06d}",
        key=f"{n}",
        workflow_id=f"notice/A-000001/acceptance_notice/{n}/email",
        slug="acceptance_notice",
        article="9(1)",
        application_no="A-000001",
        channel="email",
        form="42",
        state=state,
        terms_version="1.0",
        queued_at=BEGAN,
        dispatched_at=BEGAN + timedelta(minutes=5) if sent else None,
        arrived_at=BEGAN + timedelta(hours=15) if state == "arrived" else None,
        deemed=state == "arrived",
        basis="42(2)" if state == "arrived" else None,
        message_id=f"<N-{n:06d}@yakkan.example>" if sent else None,
        sha256=SHA256 if state == "arrived" else None,
        facts=await office.vault.seal_json("A-000001", "statutory", {}),
    )
