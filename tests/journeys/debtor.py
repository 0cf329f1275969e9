"""A customer who does not pay: a debt made by public means, people who decide, money that comes in after all."""

from datetime import date, datetime

from tests.cash_office import ACCOUNT, Transfer, zengin
from tests.desk import JSON, Desk

PAYER = "ｶ)ﾊｶﾀｼﾖｳｼﾞ"


class Debtor:
    """One contract with a surcharge of 165,000 yen (due 15 April 2026), and what the office does about it."""

    def __init__(self, desk: Desk, number: str) -> None:
        self.desk, self.number = desk, number
        self.path = f"/v1/contracts/{number}"
        self.references = 0

    @classmethod
    async def of(cls, desk: Desk, name: str = "QPC-26-0101") -> "Debtor":
        """Sign and start a contract, open the bank account and let a debt fall due on 15 April."""
        debtor = cls(desk, await desk.active(name))
        await desk.do("admin", "/v1/bank-accounts", ACCOUNT)
        await desk.until("2026-04-01T10:00:00+09:00")
        await debtor.owe(50_000)
        return debtor

    async def owe(self, avoided: int) -> str:
        """Bill a surcharge, due 14 days later; gives the invoice's number."""
        proposed = await self.desk.do("billing", f"{self.path}/surcharges", {"avoided": avoided, "facts": "計測"})
        await self.decide(proposed["approval_id"], "legal")
        await self.desk.settle()
        invoices = (await self.desk.read("/v1/invoices", contract_no=self.number))["items"]
        number: str = invoices[-1]["invoice_no"]
        return number

    async def decide(self, approval_id: str, role: str, decision: str = "approve") -> str:
        """Decide on a proposal; gives its state."""
        body = {"decision": decision, "reason": "確認済み"}
        answer = await self.desk.do(role, f"/v1/approvals/{approval_id}/decisions", body)
        await self.desk.settle()
        state: str = answer["state"]
        return state

    async def proposal(self, act: str) -> str:
        """Find the open proposal of an act."""
        items = (await self.desk.read("/v1/approvals", contract_no=self.number, state="open"))["items"]
        (found,) = [each["approval_id"] for each in items if each["act"] == act]
        return str(found)

    async def proposals(self, act: str) -> list[JSON]:
        """List all proposals of an act."""
        items = (await self.desk.read("/v1/approvals", contract_no=self.number))["items"]
        return [each for each in items if each["act"] == act]

    async def pay(self, amount: int, on: date) -> None:
        """Let a transfer come in, booked and valued on a day of 2026, and have it allotted."""
        self.references += 1
        day = f"{on:%m%d}"
        content = zengin(Transfer(self.references, day, amount, PAYER))
        await self.desk.take_in("cash", "/v1/bank-files", content)
        await self.desk.settle()
        deposits = (await self.desk.read("/v1/deposits", limit="500"))["items"]
        newest = max(deposits, key=lambda each: each["reference"])
        if newest["state"] == "unmatched":
            path = f"/v1/deposits/{newest['deposit_id']}/allocations"
            await self.desk.do("cash", path, {"contract_no": self.number})
        await self.desk.settle()

    async def take_back(self, amount: int, booked_on: date, *, on: date) -> None:
        """Let the bank take a transfer back that was booked on a day of 2026."""
        self.references += 1
        gone = Transfer(self.references, f"{on:%m%d}", amount, PAYER, f"{booked_on:%m%d}", cancels=True)
        await self.desk.take_in("cash", "/v1/bank-files", zengin(gone))
        await self.desk.settle()

    async def owed(self) -> int:
        """Tell what is overdue with interest today."""
        return sum(each["principal"] + each["interest"] for each in (await self.state())["owed"])

    async def state(self) -> JSON:
        """Show where the contract stands on the ladder."""
        return await self.desk.read(f"{self.path}/default")

    async def reach(self, when: str) -> None:
        """Let time pass until an instant, unless it has passed."""
        if await self.desk.office.clock.now() < datetime.fromisoformat(when):
            await self.desk.until(when)

    async def until_suspended(self) -> None:
        """Let time pass until the suspension is decided on 10 May."""
        await self.reach("2026-05-10T09:00:00+09:00")
        await self.decide(await self.proposal("suspension"), "dunning")

    async def until_demanded(self) -> None:
        """Let the demand arrive on 27 May."""
        if (await self.desk.read(self.path))["state"] == "active":
            await self.until_suspended()
        await self.reach("2026-05-25T09:00:00+09:00")
        demand = await self.posted("formal_demand", "2026-05-25T09:00:00+09:00")
        await self.reach("2026-05-27T15:00:00+09:00")
        await self.delivered(demand, "2026-05-27T11:00:00+09:00")

    async def until_rescission_is_sent(self) -> str:
        """Let two people decide on 14 June and the letter go out; gives its number."""
        await self.until_demanded()
        await self.reach("2026-06-14T09:00:00+09:00")
        proposal = await self.proposal("rescission")
        await self.decide(proposal, "dunning")
        await self.decide(proposal, "legal")
        return await self.posted("rescission_notice", "2026-06-14T09:00:00+09:00")

    async def posted(self, slug: str, at: str) -> str:
        """Post the certified letter of its kind; gives its number."""
        letter = [each for each in await self.desk.letters(slug=slug) if each["channel"] != "email"][-1]
        number: str = letter["notice_no"]
        await self.desk.do(
            "support", f"/v1/notices/{number}/dispatches",
            {"method": "certified", "tracking_no": "123-45-67890-1", "dispatched_at": at},
        )  # fmt: skip
        return number

    async def delivered(self, notice_no: str, at: str, outcome: str = "delivered") -> None:
        """Record what the post told of a letter."""
        body = {"outcome": outcome, "at": at, "proof": "配達証明"}
        await self.desk.do("support", f"/v1/notices/{notice_no}/deliveries", body)
        await self.desk.settle()

    async def actions(self) -> list[str]:
        """Tell the contract's life by its actions."""
        return [each["action"] for each in await self.desk.timeline(self.number)]
