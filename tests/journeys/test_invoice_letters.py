"""The letters of two months' bills: by mail and on paper, through everything that befalls them (27(1), 42)."""

from collections import Counter
from collections.abc import AsyncIterator
from email.message import Message

import pytest

from tests.desk import JSON, Desk, OpenDesk
from tests.journeys.postmaster import Postmaster, at_the_post
from tests.usage_office import DISK, row, sheet

BUSY = "451 4.2.1 try again later"
NOBODY = "550 5.1.1 no such mailbox"
GATEWAY = {"code": "SGW", "quantity": 1, "zone": "fukuoka-1", "name": "閉域接続"}
SERVER = {"code": "VM-S2", "quantity": 1, "zone": "fukuoka-1", "name": "web"}


@pytest.fixture
async def postmaster() -> AsyncIterator[Postmaster]:
    """Open a mail server."""
    async with at_the_post() as opened:
        yield opened


async def start(desk: Desk, number: str, **resources: JSON) -> str:
    """Start a contract with resources; gives its number."""
    body = {"service_start_on": "2026-03-25", "resources": [{"resource_id": n} | r for n, r in resources.items()]}
    await desk.do("provisioning", f"/v1/contracts/{number}/service-start", body)
    await desk.settle()
    return number


async def on_paper(desk: Desk) -> str:
    """Accept a customer that wants paper, by a letter that is handed over; gives the contract's number."""
    application = await desk.file("QPC-26-0103")
    await desk.do("reviewer", f"{application}/decisions", {"decision": "accept", "reason": "審査済み"})
    await desk.settle()
    letter = await desk.letter("acceptance_notice", application_no=application.rpartition("/")[2])
    path = f"/v1/notices/{letter['notice_no']}"
    now = "2026-03-25T09:00:00+09:00"
    await desk.do("support", f"{path}/dispatches", {"method": "e-signature", "dispatched_at": now})
    await desk.settle()
    number: str = (await desk.read(application))["contract_no"]
    return number


async def bill(desk: Desk, month: str) -> None:
    """Let a second person agree to a month's bills, and give the letters an hour."""
    run = await desk.read(f"/v1/billing-runs/{month}")
    assert run["counts"]["held"] == 0
    decision = {"decision": "approve", "reason": "確認済み"}
    await desk.do("legal", f"/v1/approvals/{run['approval_id']}/decisions", decision)
    await desk.settle()


async def bills(desk: Desk, month: str) -> dict[str, JSON]:
    """Find the newest letter of each bill of a month, by contract."""
    items = (await desk.read("/v1/invoices", limit="500"))["items"]
    numbers = {each["invoice_no"] for each in items if each["month"] == month}
    return {each["contract_no"]: each for each in await desk.letters(slug="invoice") if each["invoice_no"] in numbers}


def pdfs(mail: Message) -> list[bytes]:
    """Take the PDFs out of a mail."""
    parts = [part for part in mail.walk() if part.get_content_type() == "application/pdf"]
    return [bytes(part.get_payload(decode=True)) for part in parts]


def words(mail: Message, kind: str) -> str:
    """Read the text or the HTML of a mail."""
    (part,) = [part for part in mail.walk() if part.get_content_type() == kind]
    return bytes(part.get_payload(decode=True)).decode()


async def test_two_months(open_desk: OpenDesk, postmaster: Postmaster) -> None:
    """Refused, cut off, unprintable and on paper in the first month; put off in the second; each arrives once."""
    desk = await open_desk("2026-03-25T09:00+09:00", smtp_url=postmaster.url)
    metered = await start(desk, await desk.contract(), **{"vm-1": SERVER, "vol-1": SERVER | {"code": "VOL-STD"}})
    by_mail = [metered, *[await start(desk, await desk.contract(external_ref=f"L-{n}")) for n in (2, 3)]]
    private = await start(desk, await desk.contract(external_ref="L-4", contacts__billing__name="渡\ue000 直子"))
    paper = await start(desk, await on_paper(desk), **{"gw-1": GATEWAY})

    # March: one mailbox is unknown, one line breaks after the last dot, one name has a character that no font has
    await desk.until("2026-04-01T10:00:00+09:00")
    await usage_comes(desk, "2026-03-25", "2026-03-31", 168)
    await desk.until("2026-04-07T12:00:00+09:00")
    await what_befalls_the_first(desk, postmaster, by_mail, private, paper)
    await the_refused_one_is_written_anew(desk)
    await the_bill_and_the_usage_are_enclosed(desk, postmaster, metered)
    await the_post_takes_days(desk, (await bills(desk, "2026-03"))[paper])

    # April: the server puts a letter off; it is the same when it goes out
    await desk.until("2026-05-07T09:00:00+09:00")
    await usage_comes(desk, "2026-04-01", "2026-04-30", 720)
    await desk.until("2026-05-12T12:00:00+09:00")
    before, postmaster.moods = len(postmaster.taken), [BUSY]
    await bill(desk, "2026-04")
    await desk.until("2026-05-12T13:00:00+09:00")
    letters = await bills(desk, "2026-04")
    assert {number: each["state"] for number, each in letters.items()} == {metered: "arrived", paper: "queued"}
    assert [mail["Message-ID"] for mail in postmaster.mails()[before:]] == [letters[metered]["message_id"]]
    await it_is_handed_over(desk, letters[paper])


async def usage_comes(desk: Desk, first: str, last: str, hours: int) -> None:
    """A server and a volume are reported for some days, all of which they ran and stood."""
    days = {"StartDate": first, "EndDate": last, "customer_ref": "QPC-26-0101", "Allocated": str(hours)}
    server = row(**days, Usage=str(hours), Running=str(hours), Stopped="0")
    disk = row(**DISK | days | {"No": "2", "ResourceInformation": "size_gb=1", "Usage": str(hours)})
    taken = await desk.take_in("billing", "/v1/usage-files", sheet(server, disk))
    assert taken["accepted"] == 2, taken


async def what_befalls_the_first(
    desk: Desk, postmaster: Postmaster, by_mail: list[str], private: str, paper: str
) -> None:
    """One of three mails is refused and one sent twice, byte for byte; the other letters wait for people."""
    before, postmaster.moods = len(postmaster.taken), [NOBODY, "hang up"]
    await bill(desk, "2026-03")
    await desk.until("2026-04-07T13:00:00+09:00")

    letters = await bills(desk, "2026-03")
    assert set(letters) == {*by_mail, private, paper}
    (refused,) = await desk.tasks("mail_refused", state="open")
    assert refused["contract_no"] in by_mail
    states = {number: each["state"] for number, each in letters.items()}
    waiting = dict.fromkeys((refused["contract_no"], private, paper), "queued")
    assert states == dict.fromkeys(by_mail, "arrived") | waiting
    went = Counter(str(mail["Message-ID"]) for mail in postmaster.mails()[before:])
    arrived = {each["message_id"] for each in letters.values() if each["state"] == "arrived"}
    assert (set(went), sorted(went.values())) == (arrived, [1, 2])
    assert len(set(postmaster.hashes()[before:])) == 2
    (unprintable,) = await desk.tasks("glyph_missing")
    assert (unprintable["notice_no"], unprintable["role"]) == (letters[private]["notice_no"], "support")


async def the_refused_one_is_written_anew(desk: Desk) -> None:
    """Under a number of its own it goes out, the old one is withdrawn, and nobody has to look any more."""
    (task,) = await desk.tasks("mail_refused", state="open")
    path = f"/v1/notices/{task['notice_no']}"
    again = await desk.do("support", f"{path}/reissues", {"reason": "宛先の開通"})
    assert again["replaces"] == task["notice_no"]
    await desk.settle()
    assert (await desk.read(f"/v1/notices/{again['notice_no']}"))["state"] == "arrived"
    assert (await desk.read(path))["state"] == "withdrawn"
    assert not await desk.tasks("mail_refused", state="open")


async def the_bill_and_the_usage_are_enclosed(desk: Desk, postmaster: Postmaster, contract_no: str) -> None:
    """The mail says what is to be paid, and has two PDFs: what the service keeps, byte for byte."""
    letter = (await bills(desk, "2026-03"))[contract_no]
    (invoice,) = (await desk.read("/v1/invoices", contract_no=contract_no))["items"]
    mail = [each for each in postmaster.mails() if each["Message-ID"] == letter["message_id"]][-1]
    for kind in ("text/plain", "text/html"):
        told = words(mail, kind)
        assert all(each in told for each in (invoice["invoice_no"], f"{invoice['total']:,}", "2026年6月1日"))
    bill_pdf, statement = pdfs(mail)
    for path in (f"/v1/notices/{letter['notice_no']}", f"/v1/invoices/{invoice['invoice_no']}"):
        assert (await desk.get(f"{path}/document.pdf")).content == bill_pdf
    assert statement.startswith(b"%PDF")
    assert statement != bill_pdf


async def the_post_takes_days(desk: Desk, letter: JSON) -> None:
    """A bill on paper is posted by a person, and arrives when post normally does (42(2), A65)."""
    path = await post(desk, letter, "2026-04-07T13:00:00+09:00")
    await desk.until("2026-04-08T23:59:00+09:00")
    assert (await desk.read(path))["state"] == "dispatched"
    await desk.until("2026-04-14")
    shown = await desk.read(path)
    assert (shown["state"], shown["basis"], shown["deemed"]) == ("arrived", "normal_time", True)


async def it_is_handed_over(desk: Desk, letter: JSON) -> None:
    """A record of delivery that comes before the normal time decides."""
    path = await post(desk, letter, "2026-05-12T13:00:00+09:00")
    await desk.until("2026-05-13T15:00:00+09:00")
    handed = {"outcome": "delivered", "at": "2026-05-13T11:05:00+09:00", "proof": "郵便追跡 987"}
    await desk.do("support", f"{path}/deliveries", handed)
    await desk.until("2026-05-20")
    shown = await desk.read(path)
    assert (shown["state"], shown["arrived_at"], shown["basis"]) == ("arrived", "2026-05-13T11:05:00+09:00", "delivery")


async def post(desk: Desk, letter: JSON, at: str) -> str:
    """Take a letter to the post office, as a task asks somebody to; gives its path."""
    assert await to_post(desk, letter) == ["support"]
    path = f"/v1/notices/{letter['notice_no']}"
    told = await desk.do("support", f"{path}/dispatches", {"method": "post", "dispatched_at": at})
    assert told["state"] == "dispatched"
    assert await to_post(desk, letter) == []
    return path


async def to_post(desk: Desk, letter: JSON) -> list[str]:
    """Name who is asked to post a letter."""
    tasks = await desk.tasks("post_letter", state="open")
    return [task["role"] for task in tasks if task["notice_no"] == letter["notice_no"]]
