"""Lives of contracts and applications, row by row as `spec/backoffice.md` wants them, beside the money of `consistent`.

C-000001 once owed and paid, C-000002 was left by notice, C-000003 is suspended for a debt, C-000005 was rescinded.
A-000006 was refused on a ground that takes two people; A-000007 waits for its answer.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import null

from models.tables import (
    ApplicationRow,
    BillingResultRow,
    ContractLineRow,
    ContractRow,
    DefaultCaseRow,
    DefaultHoldRow,
    RescissionRow,
    SuspensionRow,
    TaskRow,
    TerminationRow,
)
from tests.service.record import Record, Rows, at, on

JAPAN = timedelta(hours=9)
START = {1: "04-01", 2: "04-01", 3: "05-01", 5: "04-01"}


def lives() -> Rows:
    """All that is written of the four contracts' beginnings and ends."""
    for n, start in START.items():
        application, contract = Record(f"A-{n:06d}"), Record(f"C-{n:06d}")
        accepted(application, at("03-02"), at("03-10"))
        contract.move(at("03-10"), "formed", "9(1)").workflow(f"contract/C-{n:06d}", at("03-10"))
        contract.move(at(start), "started", "5(1)", "provisioning:a").letter(at(start), "service_start_notice")
        yield ContractLineRow(
            contract_no=f"C-{n:06d}", line_no=1, code="SGW", quantity=1, zone="fukuoka-1", initial_fee=0,
            from_on=on(start), to_on={2: on("05-31"), 5: on("06-16")}.get(n), name=b"sealed",
        )  # fmt: skip
        if n == 1:
            yield from invoiced(contract, ("1260000001", "1260000003", "1260000004"), settled(contract))
        elif n == 2:
            left(contract, at("04-20"), at("05-31", 15))
            yield terminated("C-000002", "18(1)", at("04-20"), "05-31")
            numbers = ("1260000002", "2260000001", "4260000001", "4260000002", "6260000001")
            yield from invoiced(contract, numbers, ())
        elif n == 3:
            yield from suspended(contract)
        else:
            yield from rescinded(contract)
        yield from application.written()
        yield from contract.written()
    yield from refused()
    yield from waiting()


def accepted(application: Record, filed_at: datetime, formed_at: datetime) -> None:
    """An application that was received and accepted by e-mail: at its dispatch the contract is formed."""
    application.event(filed_at, "application_received", "8(1)", "intake:a", findings=[])
    application.letter(filed_at, "application_received_notice")
    application.event(formed_at, "acceptance_decided", "9(1)", "reviewer:a", grounds=[])
    application.letter(formed_at, "acceptance_notice", origin=f"application/{application.about}")
    application.workflow(f"application/{application.about}", filed_at, formed_at)


def left(contract: Record, arrived_at: datetime, ended_at: datetime) -> None:
    """A notice in writing, and the end that it led to."""
    contract.move(arrived_at, "notice_received", "18(1)", "intake:a").letter(arrived_at, "cancellation_receipt")
    contract.workflow(f"termination/{contract.about}/1", arrived_at, ended_at)
    contract.move(ended_at, "ended", "18(1)", n=1).letter(ended_at, "contract_end_notice")


def terminated(number: str, ground: str, arrived_at: datetime, ends_on: str) -> TerminationRow:
    """How a contract ended."""
    runs_out_on = on(ends_on) if ground == "18(1)" else None
    return TerminationRow(
        contract_no=number, n=1, ground=ground, form="paper", arrived_at=arrived_at,
        arrived_on=(arrived_at + JAPAN).date(),
        runs_out_on=runs_out_on, ends_on=on(ends_on), penalty=0, delete_from_on=on(ends_on),
        basis={"articles": [ground, "34(1)"]}, state="ended",
    )  # fmt: skip


def invoiced(contract: Record, numbers: tuple[str, ...], more: Rows | tuple[()]) -> Rows:
    """Each invoice has its event and its letter."""
    for place, number in enumerate(numbers, 1):
        contract.event(at("05-01", place), "invoice_issued", "27(1)", key=f"k{number}#1", invoice_no=number)
        contract.letter(at("05-01", place), "invoice", invoice_no=number, workflow_id=f"bulk/{number}")
    yield from more


def case(number: str, due_on: str, opened_at: datetime, days: tuple[str, ...], **columns: Any) -> DefaultCaseRow:  # noqa: ANN401
    """A default with the days of its steps."""
    names = ("flag", "reminder", "warning", "suspension", "demand", "review")
    steps: Any = [{"step": name, "on": str(on(day))} for name, day in zip(names, days, strict=True)]
    return DefaultCaseRow(
        contract_no=number, first_due_on=on(due_on), n=1, steps=steps, terms_version="1.0", opened_at=opened_at,
        **columns,
    )  # fmt: skip


def settled(contract: Record) -> Rows:
    """A debt of C-000001 that was due on 10 April and paid the day after its default was opened."""
    contract.move(at("04-12"), "default_settled", "16(1)(1)")
    contract.workflow("default/C-000001/2026-04-10/1", at("04-10", 21), at("04-12"))
    yield case(
        "C-000001", "04-10", at("04-10", 21), ("04-11", "04-17", "04-25", "05-05", "05-20", "06-09"), state="settled",
        step=null(), closed_at=at("04-12"), closed_on=on("04-12"),
    )  # fmt: skip


def reminded_and_suspended(contract: Record, due_on: str, days: tuple[str, ...]) -> Rows:
    """The reminders, the warning, and on its day the suspension to which a second person agrees."""
    number, origin = contract.about, f"default/{contract.about}/2026-{due_on}/1"
    contract.event(at(days[0]), "default_opened", "16(1)(1)", first_due_on=due_on)
    contract.letter(at(days[1]), "first_reminder", origin=origin)
    for slug in ("second_reminder", "suspension_warning"):
        contract.letter(at(days[2]), slug, origin=origin)
    suspended_at = at(days[3])
    contract.move(suspended_at, "suspension_proposed", "16(1)(1)")
    contract.approval(f"{number}-2", "suspension", "16(1)(1)", suspended_at, ("b", "dunning"))
    contract.move(suspended_at, "suspension_approved", "16(1)(1)", "dunning:b")
    contract.event(suspended_at, "suspended", "16(1)(1)", "dunning:b", key=f"{number}:s#2", terms_version="1.0")
    contract.letter(suspended_at, "suspension_started_notice")
    over = at("06-20") if number == "C-000005" else None
    contract.workflow(origin, at(days[0]), over).workflow(f"suspension/{number}/1", suspended_at, over)
    yield SuspensionRow(
        contract_no=number, n=1, ground="16(1)(1)", scope="all", resource_ids=[], from_on=on(days[3]),
        state="ended" if over else "running", approval_id=f"{number}-2", started_at=suspended_at, ended_at=over,
    )  # fmt: skip


def suspended(contract: Record) -> Rows:
    """C-000003 was due on 15 May, was held for some days and is suspended since 9 June; a copy is to be posted."""
    days = ("05-16", "05-22", "05-30", "06-09", "06-24", "07-14")
    contract.letter(
        at("05-30"), "second_reminder", "post", state="queued", dispatched_at=None, arrived_at=None, method=None,
        deemed=None, basis=None, same_as="N-C-000003-4", notice_no="N-000099", workflow_id="notice/C-000003/copy",
    ).workflow("notice/C-000003/copy", at("05-30"))  # fmt: skip
    yield TaskRow(
        task_id="T-000001", key="post:N-000099", kind="post_letter", detail="x", role="support", notice_no="N-000099",
        contract_no="C-000003", created_at=at("05-30"),
    )  # fmt: skip
    yield from reminded_and_suspended(contract, "05-15", days)
    yield case("C-000003", "05-15", at("05-15", 21), days, state="suspended", step="demand", stated_from_on=on("06-09"))
    yield DefaultHoldRow(
        key="h1", contract_no="C-000003", first_due_on=on("05-15"), n=1, kind="promise", until_on=on("05-28"),
        placed_at=at("05-24"), placed_by="dunning:a", reason=b"sealed", outcome="over",
    )  # fmt: skip


def rescinded(contract: Record) -> Rows:
    """C-000005 was due on 15 April; the demand arrived on 27 May, the rescission, known on 20 June, on 16 June."""
    number, origin = "C-000005", "default/C-000005/2026-04-15/1"
    days = ("04-16", "04-22", "04-30", "05-10", "05-25", "06-14")
    yield ApplicationRow(
        application_no="A-000005", external_ref="ref-5", customer_ref="ref-5", state="accepted",
        received_at=at("03-02"), corporate_number="9000000000001", price_list="PL-2026-03", terms_version="1.0",
        electronic_delivery=True, findings=[], contract_no=number, name=b"sealed", name_hash="h",
        closed_at=at("03-10"),
    )  # fmt: skip
    yield ContractRow(
        contract_no=number, application_no="A-000005", customer_ref="ref-5", corporate_number="9000000000001",
        state="ended", version=7, terms_version="1.0", price_list="PL-2026-03", formed_at=at("03-10"),
        service_start_on=on("04-01"), billing_start_on=on("04-01"), ends_on=on("06-16"), ended_at=at("06-16", 2),
        end_ground="17(1)", name=b"sealed", name_hash="h",
    )  # fmt: skip
    for month in ("2026-04", "2026-05"):
        yield BillingResultRow(contract_no=number, month=month, pass_no=1, state="nothing_to_bill")
    yield from reminded_and_suspended(contract, "04-15", days)
    contract.letter(at("05-25"), "formal_demand", "certified", came=at("05-27"), origin=origin)
    contract.move(at("06-14"), "rescission_proposed", "17(1)")
    contract.approval("C-000005-4", "rescission", "17(1)", at("06-14"), ("b", "dunning"), ("c", "legal"), needs=2)
    contract.move(at("06-14"), "rescission_voted", "17(1)", "dunning:b")
    contract.move(at("06-14"), "rescission_approved", "17(1)", "legal:c", n=1)
    contract.workflow("rescission/C-000005/1", at("06-14"), at("06-20"))
    contract.letter(at("06-14"), "rescission_notice", "certified", came=at("06-16", 2), origin="rescission/C-000005/1")
    contract.move(at("06-20"), "rescission_arrived", "17(3)", n=1)
    contract.event(at("06-20"), "ended", "17(1)", key="C-000005:e#2", terms_version="1.0", n=1)
    contract.letter(at("06-20"), "contract_end_notice")
    yield RescissionRow(
        contract_no=number, n=1, ground="17(1)", state="effective", penalty=0, decided_at=at("06-14"),
        arrived_at=at("06-16", 2),
    )  # fmt: skip
    yield terminated(number, "17(1)", at("06-16", 2), "06-16")
    yield case(
        number, "04-15", at("04-15", 21), days, state="rescinded", step=null(), closed_at=at("06-20"),
        closed_on=on("06-20"), stated_from_on=on("05-10"),
    )  # fmt: skip


def application_row(number: str, state: str, **columns: Any) -> ApplicationRow:  # noqa: ANN401
    """An application that became no contract."""
    return ApplicationRow(
        application_no=number, external_ref=number, customer_ref=number, state=state, received_at=at("06-01"),
        corporate_number="9000000000002", price_list="PL-2026-03", terms_version="1.0", electronic_delivery=True,
        findings=[], name=b"sealed", name_hash="h", **columns,
    )  # fmt: skip


def refused() -> Rows:
    """A-000006 was refused by 9(2)(5), to which a second person agreed; the letter was posted on 5 June."""
    record = Record("A-000006")
    record.event(at("06-01"), "application_received", "8(1)", "intake:a", findings=[])
    record.letter(at("06-01"), "application_received_notice")
    record.event(at("06-04"), "refusal_proposed", "9(2)(5)", "reviewer:a", grounds=["9(2)(5)"])
    record.approval("A-000006-2", "refusal_on_other_ground", "9(2)(5)", at("06-04"), ("b", "legal"), by="reviewer:a")
    record.event(at("06-04"), "refusal_decided", "9(2)", "legal:b", grounds=["9(2)(5)"])
    record.letter(at("06-05"), "refusal_notice", "registered", came=at("06-06"), origin="application/A-000006")
    record.event(at("06-05"), "refused", "9(3)", notice="x")
    record.workflow("application/A-000006", at("06-01"), at("06-05"))
    yield application_row("A-000006", "refused", closed_at=at("06-05"), decided="refuse")
    yield from record.written()


def waiting() -> Rows:
    """A-000007 is to be answered by 25 June."""
    record = Record("A-000007")
    record.event(at("06-18"), "application_received", "8(1)", "intake:a", findings=[])
    record.letter(at("06-18"), "application_received_notice").workflow("application/A-000007", at("06-18"))
    yield application_row("A-000007", "received", answer_by_on=on("06-25"))
    yield from record.written()
