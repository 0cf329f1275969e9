"""Changes of name, address and contacts: in writing, from their day on, with a reminder for the proof (Art. 13)."""

import hashlib

from tests.cash_office import ACCOUNT
from tests.desk import JSON, Desk

NEW = "株式会社改称みらい"
MAIL = "keiri@mirai.example"
SHA = hashlib.sha256(b"proof").hexdigest()


def told(changes: JSON, *, arrived_at: str, effective_on: str, form: str = "paper") -> JSON:
    """Tell a change."""
    return {"arrived_at": arrived_at, "form": form, "changes": changes, "effective_on": effective_on}


def contact(email: str, name: str = "改称 花子") -> JSON:
    """Give a contact without an address of its own."""
    return {"name": name, "name_kana": "カイショウ ハナコ", "email": email, "phone": "092-000-0001"}


async def named_on(desk: Desk, slug: str, which: int = -1) -> str:
    """Read a letter's words, without blanks."""
    letters = await desk.letters(slug=slug)
    return "".join((await desk.text(letters[which]["notice_no"])).split())


async def surcharge(desk: Desk, number: str) -> None:
    """Bill a surcharge today."""
    path = f"/v1/contracts/{number}/surcharges"
    proposed = await desk.do("billing", path, {"avoided": 50_000, "facts": "計測"})
    decision = {"decision": "approve", "reason": "可"}
    await desk.do("legal", f"/v1/approvals/{proposed['approval_id']}/decisions", decision)
    await desk.settle()


async def test_a_new_name_in_the_middle_of_a_month(desk: Desk) -> None:
    """Told on the 10th for the 15th: invoices of the 14th bear the old name, of the 15th the new; the proof is late."""
    number = await desk.active()
    path = f"/v1/contracts/{number}"
    old = (await desk.read(path))["customer_name"]
    await desk.do("admin", "/v1/bank-accounts", ACCOUNT)
    await desk.until("2026-04-10T10:00:00+09:00")

    # not in writing: recorded as rejected, answered by a letter
    changes = {"name": NEW, "name_kana": "カイショウミライ", "contacts": {"billing": contact(MAIL)}}
    by_mail = told(changes, arrived_at="2026-04-10T09:00:00+09:00", effective_on="2026-04-15", form="email")
    assert await desk.refused("intake", f"{path}/name-changes", by_mail, key="a") == "13(1)"
    assert await desk.refused("intake", f"{path}/name-changes", by_mail, key="a") == "13(1)"
    await desk.settle()
    assert "変更届" in await named_on(desk, "not_in_writing_notice")

    # in writing, for the 15th; proof is asked for
    written = told(changes, arrived_at="2026-04-10T09:00:00+09:00", effective_on="2026-04-15")
    change = await desk.do("intake", f"{path}/name-changes", written)
    assert (change["n"], change["changed"]) == (1, ["name", "contacts"])
    asked = await desk.do("intake", f"{path}/name-changes/1/proof-requests")
    assert asked["proof_by_on"] == "2026-04-24"
    await desk.settle()
    assert "2026年4月15日からの通知及び請求書には" in await named_on(desk, "registration_change_receipt")
    assert "利用規約第13条第2項に基づき、下記の書類を、2026年4月24日まで" in await named_on(desk, "proof_request")

    # the 14th and the 15th
    await desk.until("2026-04-14T15:00:00+09:00")
    assert (await desk.read(path))["customer_name"] == old
    await surcharge(desk, number)
    before = await named_on(desk, "surcharge_invoice")
    assert old in before
    assert NEW not in before
    await desk.until("2026-04-15T09:00:00+09:00")
    assert (await desk.read(path))["customer_name"] == NEW
    await surcharge(desk, number)
    after = await named_on(desk, "surcharge_invoice")
    assert NEW in after
    assert "改称花子様" in after
    assert old not in after
    parties = (await desk.read(f"{path}/parties"))["items"]
    assert [(each["from_on"], each["event"], each["name"]) for each in parties] == [
        ("2026-03-25", "formation", old), ("2026-04-15", "name_change", NEW),
    ]  # fmt: skip

    # the proof does not come: a reminder after 14 days, and nothing more
    await desk.until("2026-04-25T09:00:00+09:00")
    (missing,) = await desk.tasks("proof_missing")
    assert (missing["article"], missing["due_on"]) == ("13(2)", "2026-04-24")
    proof = {"arrived_at": "2026-04-25T08:00:00+09:00", "sha256": SHA}
    shown = await desk.do("intake", f"{path}/name-changes/1/documents", proof)
    assert shown["proof_sha256"] == SHA
    assert await desk.tasks("proof_missing", state="open") == []
    assert await desk.tasks("proof_of_change", state="open") == []


async def test_a_letter_that_was_refused_is_written_anew(desk: Desk) -> None:
    """The mail server refuses the old address; after the change the letter goes out anew to the new one."""
    number = await desk.active(contacts__billing__postal_address=None)
    path = f"/v1/contracts/{number}"
    at = "2026-03-25T09:00:00+09:00"
    await desk.until("2026-03-26T10:00:00+09:00")
    await desk.do("intake", f"{path}/name-changes", told(
        {"contacts": {"contract": contact("nobody@mirai.example")}}, arrived_at=at, effective_on="2026-03-26",
    ))  # fmt: skip
    await desk.settle()
    refused = await desk.letter("registration_change_receipt")
    assert refused["state"] == "queued"
    assert len(await desk.tasks("mail_refused")) == 1

    moved = {
        "address": {"postal_code": "100-0001", "prefecture": "東京都", "city": "改称区", "street": "新町9番9号"},
        "contacts": {"contract": contact("somebody@mirai.example", "改称 次郎")},
    }
    await desk.do("intake", f"{path}/name-changes", told(moved, arrived_at=at, effective_on="2026-03-26"))
    again = await desk.do("support", f"/v1/notices/{refused['notice_no']}/reissues", {"reason": "連絡先の変更"})
    await desk.settle()
    letters = {each["notice_no"]: each for each in await desk.letters(slug="registration_change_receipt")}
    assert letters[refused["notice_no"]]["state"] == "withdrawn"
    assert letters[again["notice_no"]]["state"] == "arrived"
    words = "".join((await desk.text(again["notice_no"])).split())
    assert "改称次郎様" in words
    assert "改称区新町9番9号" in words

    # a contact without an address of its own has moved with the seat
    await surcharge(desk, number)
    assert "改称区新町9番9号" in await named_on(desk, "surcharge_invoice")


async def test_who_may_change_what(desk: Desk) -> None:
    """A customer changes its own, signed; what says nothing, lies in the future or before the contract is invalid."""
    number = await desk.active()
    path = f"/v1/contracts/{number}/name-changes"
    ref = (await desk.read(f"/v1/contracts/{number}"))["customer_ref"]
    mine, other = await desk.customer(ref), await desk.customer("somebody-else")
    at = "2026-03-25T09:00:00+09:00"
    signed = told({"name": NEW}, arrived_at=at, effective_on="2026-03-25", form="e-signature")
    assert (await desk.post(other, path, signed)).status_code == 404
    assert (await desk.post(mine, path, {**signed, "form": "paper"})).status_code == 403
    assert (await desk.do(mine, path, signed))["changes"] == {"name": NEW}
    assert "changes" not in await desk.read(f"{path}/1", "cash")
    assert (await desk.get(f"{path}/2")).status_code == 404
    assert await desk.wrong("intake", path, {**signed, "changes": {}}) == ["/changes"]
    assert await desk.wrong("intake", path, {**signed, "changes": {"contacts": {}}}) == ["/changes"]
    late = {**signed, "arrived_at": "2026-03-26T09:00:00+09:00", "effective_on": "2026-03-01"}
    assert await desk.wrong("intake", path, late) == ["/arrived_at", "/effective_on"]


async def test_a_change_before_one_that_is_still_to_come(desk: Desk) -> None:
    """A new seat told today is the seat of the name that was told for next month too; both stay apart until then."""
    number = await desk.active(contacts__billing__postal_address=None)
    path = f"/v1/contracts/{number}"
    at = "2026-03-25T09:00:00+09:00"
    await desk.until("2026-03-26T10:00:00+09:00")
    renamed = {"name": NEW, "contacts": {"billing": contact(MAIL)}}
    await desk.do("intake", f"{path}/name-changes", told(renamed, arrived_at=at, effective_on="2026-05-01"))
    seat = {"postal_code": "100-0001", "prefecture": "東京都", "city": "改称区", "street": "新町9番9号"}
    await desk.do("intake", f"{path}/name-changes", told({"address": seat}, arrived_at=at, effective_on="2026-03-26"))
    await surcharge(desk, number)
    now = await named_on(desk, "surcharge_invoice")
    assert "改称区新町9番9号" in now
    assert NEW not in now
    await desk.until("2026-05-01T10:00:00+09:00")
    await surcharge(desk, number)
    then = await named_on(desk, "surcharge_invoice")
    for words in (NEW, "改称花子様", "改称区新町9番9号"):
        assert words in then


async def test_a_question_that_nobody_answers(desk: Desk) -> None:
    """A mail comes back and the right contact is asked for by post; 14 days later somebody is reminded, once."""
    number = await desk.active()
    letter = await desk.letter("service_start_notice")
    bounce = {"outcome": "returned", "at": "2026-03-25T09:30:00+09:00", "proof": "550"}
    await desk.until("2026-03-25T10:00:00+09:00")
    await desk.do("support", f"/v1/notices/{letter['notice_no']}/deliveries", bounce)
    await desk.until("2026-04-08T10:00:00+09:00")
    assert await desk.tasks("change_form_missing") == []
    await desk.until("2026-04-09T10:00:00+09:00")
    (task,) = await desk.tasks("change_form_missing")
    assert (task["article"], task["due_on"], task["contract_no"]) == ("13(1)", "2026-04-08", number)
    await desk.until("2026-05-09T10:00:00+09:00")
    assert len(await desk.tasks("change_form_missing")) == 1
