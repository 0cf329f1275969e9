"""Usage files through the API, on SQLite and PostgreSQL: the samples line by line, faults, decisions, limits."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from random import Random

import httpx2
import pytest

from activities.office import Office
from api.limits import UPLOAD_BYTES
from models.database import Sessions
from models.tables import (
    AuditEventRow,
    PriceListRow,
    TaskRow,
    UsageFileRow,
    UsageQuarantineRow,
    UsageRecordRow,
)
from models.vault import OFFICE
from tests.api.offices import give_key
from tests.usage_office import (
    DISK,
    FORMED,
    GOOD,
    HEADER,
    JSON,
    ONE_DAY,
    SAMPLES,
    Clerk,
    count,
    doubts,
    furnish,
    register,
    row,
    rows_of,
    sheet,
    sign,
    sign_two,
    usage_office,
)

EXPECTED: JSON = json.loads((SAMPLES / "expected/usage.json").read_text(encoding="utf-8"))["files"]


@pytest.fixture
async def office(sessions: Sessions, tmp_path: Path) -> AsyncIterator[Office]:
    """Open an office with a price list and zones."""
    async with usage_office(sessions, tmp_path) as opened:
        yield opened


@pytest.fixture
async def clerk(office: Office, http: httpx2.AsyncClient) -> Clerk:
    """Give the clerk a key."""
    return Clerk(http, await give_key(office.sessions, "billing"))


@pytest.fixture
async def signed(office: Office) -> str:
    """Sign two contracts; gives the number of R1's."""
    return await sign_two(office)


class TestSamples:
    """The sample files of three months."""

    async def test_every_line_as_expected(self, office: Office, clerk: Clerk) -> None:
        """Each file counts, repeats and doubts exactly the lines that the samples name; discarded rows stay out."""
        await furnish(office)
        for name in ("2026-04.csv", "2026-05.csv", "2026-06.csv"):
            told = await clerk.take((SAMPLES / "usage" / name).read_bytes())
            expected = EXPECTED[name]
            assert (told["rows"], told["accepted"]) == (expected["rows"], expected["accepted"]), name
            assert told["duplicate_lines"] == [each["line"] for each in expected["duplicates"]], name
            assert told["duplicates"] == len(told["duplicate_lines"])
            assert doubts(told) == doubts(expected), name
            for doubt in (await clerk.read("/v1/quarantine", file_id=told["file_id"], state="open"))["items"]:
                assert (await clerk.decide(doubt["quarantine_id"], "discard")).json()["state"] == "discarded"
        assert await count(office, UsageRecordRow) == sum(
            EXPECTED[name]["accepted"] for name in ("2026-04.csv", "2026-05.csv", "2026-06.csv")
        )

    async def test_the_same_rows_in_utf8_add_nothing(self, office: Office, clerk: Clerk) -> None:
        """After the CP932 file the UTF-8 file is all repetitions, those in quarantine included."""
        await furnish(office)
        first = await clerk.take((SAMPLES / "usage/2026-06.csv").read_bytes())
        again = await clerk.take((SAMPLES / "usage/2026-06-utf8.csv").read_bytes())

        assert (again["rows"], again["accepted"], again["quarantined"]) == (first["rows"], 0, [])
        assert again["duplicates"] == first["rows"]
        assert await count(office, UsageRecordRow) == first["accepted"]

    async def test_the_utf8_file_takes_its_place(self, office: Office, clerk: Clerk) -> None:
        """Without the CP932 file, the UTF-8 file gives the same."""
        await furnish(office)
        told = await clerk.take((SAMPLES / "usage/2026-06-utf8.csv").read_bytes())

        assert told["accepted"] == EXPECTED["2026-06.csv"]["accepted"]
        assert doubts(told) == doubts(EXPECTED["2026-06.csv"])

    async def test_names_that_customers_chose_stay_sealed(self, office: Office, clerk: Clerk) -> None:
        """A doubtful row keeps its cells sealed; no open column repeats a name."""
        await furnish(office)
        await clerk.take((SAMPLES / "usage/2026-04.csv").read_bytes())
        (doubt, *_) = await rows_of(office, UsageQuarantineRow)
        cells = await office.vault.unseal_json(doubt.row)

        assert isinstance(cells, dict)
        name = str(cells["ResourceDisplayName"])
        assert name
        kept = [each.model_dump() for table in (UsageFileRow, UsageRecordRow) for each in await rows_of(office, table)]
        assert name not in json.dumps(kept, default=str, ensure_ascii=False)
        assert name.encode() not in doubt.row


FAULTS: list[tuple[str, str, dict[str, str]]] = [
    ("too many decimals", "bad_value", {"Usage": "100.00001"}),
    ("no usage", "bad_value", {"Usage": ""}),
    ("an exponent", "bad_value", {"Usage": "1e2"}),
    ("full-width digits", "bad_value", {"Usage": "１００"}),
    ("no number", "bad_value", {"Running": "x"}),
    ("an amount that is no integer", "bad_value", {"Amount": "1.5"}),
    ("a formula for a number", "bad_value", {"Tax": "=1+1"}),
    ("no row number", "bad_value", {"No": ""}),
    ("no day", "bad_value", {"StartDate": "2026-04-31"}),
    ("a day written otherwise", "bad_value", {"StartDate": "2026/04/08"}),
    ("a day beyond the calendar", "bad_value", {"EndDate": "9999-12-31"}),
    ("a tab", "bad_value", {"ResourceDisplayName": "a\tb"}),
    ("a NUL", "bad_value", {"ResourceDisplayName": "a\x00b"}),
    ("a NUL in a reference", "bad_value", {"customer_ref": "R\x00"}),
    ("a line break in quotes", "bad_value", {"ResourceDisplayName": '"a\nb"'}),
    ("a text without end", "bad_value", {"ResourceDisplayName": "x" * 1001}),
    ("a cell too many", "bad_value", {"ResourceDisplayName": "a,b"}),
    ("a size that is none", "bad_value", {"ResourceInformation": "size_gb=big"}),
    ("two sizes", "bad_value", {"ResourceInformation": "size_gb=1;size_gb=2"}),
    ("refused", "unknown_contract", {"customer_ref": "R3"}),
    ("nobody", "unknown_contract", {"customer_ref": "nobody"}),
    ("no reference", "unknown_contract", {"customer_ref": ""}),
    ("no such item", "unknown_item", {"Menu": "VM-Z9"}),
    ("a fee that nobody uses", "unknown_item", {"Menu": "INIT"}),
    ("not registered", "unknown_resource", {"resource_id": "vm-9"}),
    ("no resource", "unknown_resource", {"resource_id": ""}),
    ("registered under another item", "unknown_resource", {"Menu": "VM-M8"}),
    ("removed before", "unknown_resource", {"resource_id": "old-1"}),
    ("of another contract", "resource_of_another_contract", {"resource_id": "vm-2"}),
    ("abroad", "unknown_zone", {"ZoneName": "singapore-1"}),
    ("ends before it begins", "negative_duration", {"StartDate": "2026-04-14", "EndDate": "2026-04-08"}),
    ("below zero", "negative_duration", {"Usage": "-1", "Running": "-1"}),
    ("into the next month", "crosses_month_end", {"StartDate": "2026-04-28", "EndDate": "2026-05-04"}),
    ("before charging", "before_billing_start", {"StartDate": "2026-04-01", "EndDate": "2026-04-07"}),
    (
        "a day after the end",
        "after_contract_end",
        {"customer_ref": "R2", "resource_id": "vm-2", "StartDate": "2026-04-15", "EndDate": "2026-04-21"},
    ),
    ("36 seconds too many", "hours_exceed_period", {"Allocated": "168.01", "Stopped": "68.01"}),
    ("a disk of eight days in seven", "hours_exceed_period", DISK | {"Usage": "169", "Allocated": "169"}),
    ("what was held for what ran", "usage_mismatch", {"Usage": "168.00"}),
    ("does not add up", "usage_mismatch", {"Stopped": "67"}),
    ("nobody knows what ran", "usage_mismatch", {"Running": "", "Stopped": ""}),
    ("a disk for less than it was there", "usage_mismatch", DISK | {"Usage": "167"}),
]
"""What is wrong with a row, the reason, and the cells that make it so."""


class TestFindings:
    """What keeps a row from counting."""

    async def test_faults(self, office: Office, clerk: Clerk, signed: str) -> None:
        """A row with a fault waits for a person with its reason; the right row after all of them counts."""
        assert signed
        told = await clerk.take(sheet(*(row(**changes) for _, _, changes in FAULTS), row()))

        found = [each["reason"] for each in told["quarantined"]]
        assert dict(zip((name for name, _, _ in FAULTS), found, strict=True)) == {name: why for name, why, _ in FAULTS}
        assert (told["rows"], told["accepted"]) == (len(FAULTS) + 1, 1)
        assert await count(office, UsageRecordRow) == 1
        again = await clerk.take(sheet(row(), *(row(**changes) for _, _, changes in FAULTS)))
        assert (again["duplicates"], again["quarantined"]) == (len(FAULTS) + 1, [])
        assert await count(office, UsageQuarantineRow) == len(FAULTS)

    async def test_no_price(self, clerk: Clerk, office: Office, signed: str) -> None:
        """Before the first price list there is no price, though the contract is charged."""
        early = await sign(office, 4, "R4", date(2026, 2, 1))
        await register(office, early, [{"resource_id": "vm-4", "code": "VM-S2", "from_on": "2026-02-01"}])
        told = await clerk.take(
            sheet(row(customer_ref="R4", resource_id="vm-4", StartDate="2026-02-08", EndDate="2026-02-14"))
        )
        assert (signed, doubts(told)) == ("C-000001", [(2, "no_price")])

    async def test_crosses_a_change_of_prices(self, clerk: Clerk, office: Office, signed: str) -> None:
        """A row over days of two price lists waits; one that ends the day before the change counts."""
        assert signed
        async with office.sessions.begin() as session:
            session.add(
                PriceListRow(
                    price_list="PL-2", effective_from=date(2026, 4, 12), terms_version="1.0", recorded_at=FORMED
                )
            )
        before = row(EndDate="2026-04-11", Usage="90", Allocated="96", Running="90", Stopped="6")
        told = await clerk.take(sheet(row(), before))

        assert doubts(told) == [(2, "crosses_price_change")]
        assert told["accepted"] == 1

    async def test_days_that_are_taken(self, clerk: Clerk, signed: str) -> None:
        """The same days with other hours are a conflict, other days that touch an overlap, the next day is free."""
        assert signed
        told = await clerk.take(
            sheet(
                row(),
                row(No="2", Usage="99", Running="99", Stopped="69"),
                row(No="3", StartDate="2026-04-14", EndDate="2026-04-20"),
                row(No="4", StartDate="2026-04-15", EndDate="2026-04-21"),
                row(No="5", Usage="100", Allocated="168.0"),
                row(
                    No="6",
                    resource_id="old-1",
                    EndDate="2026-04-08",
                    Usage="1",
                    Running="1",
                    Stopped="1",
                    Allocated="2",
                ),
            )
        )
        assert doubts(told) == [(3, "conflict"), (4, "overlap")]
        assert (told["accepted"], told["duplicate_lines"]) == (3, [6])
        later = await clerk.take(
            sheet(row(No="9"), row(Usage="98", Running="98", Stopped="70"), row(StartDate="2026-04-02"))
        )
        assert (later["duplicate_lines"], doubts(later)) == ([2], [(3, "conflict"), (4, "overlap")])

    async def test_texts_are_only_texts(self, clerk: Clerk, signed: str) -> None:
        """Cells that start a formula, quotes, commas and emoji are names like others."""
        assert signed
        names = ["=cmd|' /C calc'!A0", "+1", "@SUM(1)", '"a,b"', '"say ""ha"""', "🦊‍🔥", "全角　空白"]
        days = [f"2026-04-{day:02d}" for day in range(8, 8 + len(names))]
        named = zip(names, days, strict=True)
        rows = [row(ResourceDisplayName=name, StartDate=day, EndDate=day, **ONE_DAY) for name, day in named]
        told = await clerk.take(sheet(*rows))
        assert (told["accepted"], told["quarantined"]) == (len(names), [])


def broken(response: httpx2.Response) -> tuple[int, str]:
    """Read the line and the message of a refusal."""
    assert response.status_code == 422, response.text
    ((fault),) = response.json()["errors"]
    assert response.json()["type"] == "/problems/invalid"
    return fault["line"], fault["message"]


REFUSED = [
    pytest.param(b"", 1, "header", id="nothing"),
    pytest.param(sheet(header=HEADER.replace("resource_id", "resource")), 1, "header", id="a wrong name"),
    pytest.param(sheet(header=HEADER.replace(",Tax", "")), 1, "header", id="a name is missing"),
    pytest.param(sheet(header=f"{HEADER},contract_no"), 1, "header", id="both references"),
    pytest.param(sheet(header=f"{HEADER},No"), 1, "header", id="a name twice"),
    pytest.param(HEADER.replace(",", ";").encode(), 1, "header", id="semicolons"),
    pytest.param(sheet().decode().encode("utf-16"), 1, "header", id="UTF-16"),
    pytest.param(sheet() + b"\x81\xff\n", 1, "neither UTF-8 nor CP932", id="neither encoding"),
    pytest.param(sheet(row(), row(ResourceDisplayName='"a')), 3, "quote", id="a quote without end"),
    pytest.param(sheet(row(), row(ResourceDisplayName='a"b"')), 3, "quote", id="quotes inside a cell"),
    pytest.param(sheet(row(), row(ResourceDisplayName='"a"b')), 3, "quote", id="text after a quote"),
    pytest.param(sheet(row()) + b"x" * (1 << 20), 3, "no end", id="a line without end"),
]


class TestFiles:
    """Files as a whole."""

    @pytest.mark.parametrize(("content", "line", "message"), REFUSED)
    async def test_a_broken_file_is_refused_whole(
        self, office: Office, clerk: Clerk, content: bytes, line: int, message: str
    ) -> None:
        """A broken file is refused with the place of its fault, and nothing of it is stored."""
        await sign_two(office)
        at, why = broken(await clerk.send(content))

        assert at == line
        assert message in why
        assert [await count(office, each) for each in (UsageFileRow, UsageRecordRow, UsageQuarantineRow)] == [0, 0, 0]

    async def test_random_bytes_never_fail(self, clerk: Clerk, signed: str) -> None:
        """Whatever is sent: a refusal, or rows that wait; never a failure of the service."""
        assert signed
        chance = Random(1)  # noqa: S311 - made-up files
        good = sheet(row(), row(No="2"), row(ResourceDisplayName='"a ""b"""'))
        for _ in range(40):
            content = bytearray(good)
            for _ in range(chance.randrange(1, 30)):
                content[chance.randrange(len(content))] = chance.randrange(256)
            assert (await clerk.send(bytes(content))).status_code in {200, 201, 422}
        for size in (1, 100, 10_000):
            assert (await clerk.send(chance.randbytes(size))).status_code == 422

    async def test_the_same_file_again(self, office: Office, clerk: Clerk, signed: str) -> None:
        """The same bytes under another key get the first answer, 200; under the same key the kept one."""
        assert signed
        content = sheet(row(), row(No="2"), row(Menu="?"))
        first = await clerk.send(content, "key-1")
        replayed, again = await clerk.send(content, "key-1"), await clerk.send(content, "key-2")

        assert (first.status_code, replayed.status_code, again.status_code) == (201, 201, 200)
        assert replayed.headers["Idempotency-Replayed"] == "true"
        assert first.json() == replayed.json() == again.json()
        assert await count(office, UsageFileRow) == 1
        shown = await clerk.read(f"/v1/usage-files/{first.json()['file_id']}")
        assert first.json().items() <= shown.items()
        assert (await clerk.read("/v1/usage-files"))["items"] == [shown]

    async def test_a_second_copy_at_the_same_time(self, office: Office, clerk: Clerk, signed: str) -> None:
        """Of copies sent at once one is taken in, the others get its answer."""
        assert signed
        content = sheet(row(), row(No="2"))
        answers = await asyncio.gather(*(clerk.send(content) for _ in range(4)))

        assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
        assert len({answer.text for answer in answers}) == 1
        assert await count(office, UsageRecordRow) == 1

    async def test_any_order_of_columns(self, office: Office, clerk: Clerk, signed: str) -> None:
        """Columns come in any order, our own contract number names the contract too, and lines end as they like."""
        names = [*reversed(HEADER.replace("customer_ref", "contract_no").split(","))]
        cells = GOOD | {"contract_no": signed}
        lines = [",".join(names), ",".join(cells[name] for name in names)]
        told = await clerk.take(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())

        assert (told["rows"], told["accepted"]) == (1, 1)
        (record,) = await rows_of(office, UsageRecordRow)
        assert (record.contract_no, record.line, record.month, record.days) == (signed, 2, "2026-04", 7)

    async def test_larger_than_64_megabytes(self, office: Office, clerk: Clerk) -> None:
        """A file over the limit is too large (413), and nothing is stored."""
        response = await clerk.send(b"x" * UPLOAD_BYTES)

        assert (response.status_code, response.json()["type"]) == (413, "/problems/too-large")
        assert await count(office, UsageFileRow) == 0

    async def test_only_billing_sends_files(self, office: Office, http: httpx2.AsyncClient) -> None:
        """Other roles may read what came, not send."""
        clerk = Clerk(http, await give_key(office.sessions, "cash"))

        assert (await clerk.send(sheet())).status_code == 403
        assert (await clerk.read("/v1/usage-files"))["items"] == []

    async def test_each_file_is_told(self, office: Office, clerk: Clerk, signed: str) -> None:
        """A file stands in the office's chain with its counts, and opens a task where rows are doubtful."""
        assert signed
        told = await clerk.take(sheet(row(Amount="1"), row(No="2", Menu="?")))

        (event,) = [each for each in await rows_of(office, AuditEventRow) if each.action == "usage_taken"]
        assert (event.chain, event.article, event.actor) == (OFFICE, "24(2)", "billing:billing-1")
        assert (event.basis["file_id"], event.basis["accepted"], event.basis["quarantined"]) == (told["file_id"], 1, 1)
        (task,) = await rows_of(office, TaskRow)
        assert (task.kind, task.role, task.state) == ("usage_quarantine", "billing", "open")
