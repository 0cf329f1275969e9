"""The 45 articles, clause by clause: what each makes the service do, which subject does it, and how far it has come.

A reference is article(paragraph)(item) with the numbers as printed, with `s1`, `s2` for the sentences of a clause
and, in Art. 3, the term that is defined. Kinds: RULE a calculation or check, WORKFLOW a process with states, timers
or a decision, RECORD a fact that is kept, INFO what people are told. `docs/articles.md` and `GET /v1/articles` show
the table; a test holds it against the text of the terms.
"""

import importlib
import pkgutil
import re
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

import terms
from terms.citation import Article, implementations
from terms.letters import LETTERS

Kind = Literal["RULE", "WORKFLOW", "RECORD", "INFO"]
Status = Literal["implemented", "recorded", "part", "planned", "excused"]
Subject = Literal[
    "application", "contract", "change", "billing", "payment", "default", "violation", "termination", "succession",
    "maintenance", "revision", "retention", "notice", "disclosure",
]  # fmt: skip

STATUSES: dict[Status, str] = {
    "implemented": "carried out",
    "recorded": "kept as a fact; nothing more follows by itself",
    "part": "carried out in part; the note says what is still to come",
    "planned": "not carried out yet; comes with its subject",
    "excused": "nothing for software to carry out; the note says why",
}

SUBJECTS: dict[Subject, str] = {
    "application": "申込み",
    "contract": "利用契約",
    "change": "契約事項の変更",
    "billing": "料金と請求",
    "payment": "支払い",
    "default": "債務不履行と停止",
    "violation": "契約者の義務への違反",
    "termination": "解除と終了",
    "succession": "譲渡と承継",
    "maintenance": "利用の制限と提供の中止",
    "revision": "利用規約の変更",
    "retention": "データの消去と保存",
    "notice": "通知",
    "disclosure": "秘密と開示",
}
"""The vocabulary of the whole service: the only names of subjects, in every layer."""

TITLES: tuple[str, ...] = (
    *("取扱いの準則", "利用規約の変更", "用語の定義", "契約の単位", "最低利用期間", "提供区域"),
    *("サービスの定義等", "利用申込", "利用申込の成立等", "契約事項の変更", "権利譲渡の禁止", "契約者の地位の承継"),
    *("商号等の変更", "非常時等における利用の制限", "提供の中止", "提供の停止", "当社が行う利用契約の解除"),
    *("契約者が行う利用契約の解除", "契約者の義務", "契約者の設備等", "情報の取り扱い", "秘密情報の取り扱い"),
    *("再販売の禁止", "料金等", "初期費用の支払義務", "時間従量課金及び月額上限料金の支払義務"),
    *("料金等の請求及び支払い", "契約解除に伴う違約金", "データの取り扱い", "契約者のデータの権利"),
    *("ソフトウェアの著作権等", "運用管理・データの利用等", "ソフトウェアの更新等", "データ・ソフトウェア等の消去"),
    *("割増金", "遅延損害金", "端数処理", "原状回復", "免責", "機密保持", "当社による編集・出版"),
    *("契約者への通知等", "反社会的勢力の排除", "個人情報等の保護", "合意管轄裁判所"),
)
"""The printed titles of Art. 1 to 45, in their order."""

SUPPLEMENT = "附則"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One clause: `what` it makes the service do, in our words; `note` what is missing, or why nothing is done."""

    ref: str
    kind: Kind
    subject: Subject
    status: Status
    what: str
    note: str = ""

    @property
    def article(self) -> Article | None:
        """The clause as a citation, without its sentence or term; None for the supplementary provision."""
        return None if self.ref == SUPPLEMENT else Article.parse(self.ref.partition(" ")[0])

    @property
    def is_term(self) -> bool:
        """Whether it is one of the terms that Art. 3 defines: no citation says which of them it means."""
        return self.ref.startswith("3 ")

    @property
    def is_open(self) -> bool:
        """Whether nothing carries it out, now or ever."""
        return self.status in {"planned", "excused"}


_TABLE = """
1 | INFO | revision | implemented | Every letter names the title and version of the terms and its article.
2(1) | WORKFLOW | revision | planned | From its day on a new version governs every contract.
  A contract keeps the version it was formed under; the second version brings the switch.
2(2) | WORKFLOW | revision | planned | Whoever a revision affects is told before it takes effect.
3 本サービス | RULE | contract | implemented | Only what the price list in force offers can be ordered.
3 OCF, OCX, OCXパートナー, FCパートナー | INFO | contract | excused | Names of the supplier's service and its partners.
  A definition.
3 SGW | RULE | contract | recorded | A gateway in an application is pointed out to the reviewer.
3 OCFコンソール | RECORD | change | planned | The supplier's console as a channel of orders and of evidence.
3 契約者, 契約者等 | INFO | contract | excused | Who is meant by the customer, and by both parties.
  A definition.
3 サービス料金 | RULE | billing | recorded | Each price says which kind of charge it is.
3 本サービス用設備等, OCFリソース | RECORD | termination | part | What stands on a contract is registered.
  Who provides a resource is not kept; only the supplier's resources are registered yet.
3 データ等 | INFO | retention | excused | What a deletion covers.
  A definition; 34(1) will use it.
3 大量通信等 | RECORD | maintenance | recorded | The reason of a restriction is kept, in words.
4 | RULE | application | implemented | One application form, one contract: unique both ways.
5(1) s1 | RULE | contract | implemented | Minimum term of one month; the first day of charging counts.
5(1) s2 | RULE | contract | implemented | Minimum term of three years for a dedicated cluster.
5(2) | RULE | termination | implemented | Leaving early costs the rest of the minimum term: as 28(2), never in addition.
6 | RULE | application | implemented | A stated place of use abroad is refused at the door.
7 | RECORD | contract | planned | Register of the documents that define the service.
8(1) s1 | WORKFLOW | application | implemented | Consent to the terms and a complete form; what is missing is asked for.
8(1) s2 | RULE | change | planned | An order on the console needs no form.
8(2) | RULE | application | implemented | A form filed by an intermediary is refused at the door.
9(1) | WORKFLOW | application | implemented | The acceptance notice forms the contract: dispatched, or arrived on paper.
9(2)(1) | RECORD | application | implemented | Ground of refusal: technical; unknown zones are pointed out.
9(2)(2) | RECORD | application | recorded | Ground of refusal: clearly unreliable; decider and reason are kept.
9(2)(3) | RULE | application | implemented | Ground of refusal: under 16(1) elsewhere; found by the corporate number.
9(2)(4) | RULE | application | implemented | Ground of refusal: false statements; a wrong check digit tells.
9(2)(5) | RECORD | application | implemented | Ground of refusal: comparable cases; a second person decides.
9(3) | WORKFLOW | application | implemented | A refusal is written; it closes when the letter is dispatched.
10(1) | WORKFLOW | change | planned | Changes on the form or on the console.
10(2) | WORKFLOW | change | planned | A change is accepted when its confirmation is dispatched.
10(3) | WORKFLOW | change | planned | A change is reviewed and refused as an application is.
10(4) | RULE | change | planned | Charges of the changed part begin with its start.
11 | WORKFLOW | succession | implemented | Rights are not assigned without the provider's consent.
12(1) | WORKFLOW | succession | implemented | After a merger the successor tells us within 30 days.
12(2) | WORKFLOW | succession | implemented | A successor that meets 9(2) may be rescinded in writing.
13(1) | WORKFLOW | change | implemented | A new name or address is told in writing.
13(2) | RECORD | change | implemented | Proof of a new name may be asked for.
14(1) | WORKFLOW | maintenance | part | Restrictions in an emergency are recorded with their scope.
  The customers it hits are not written to yet.
14(2) | WORKFLOW | termination | implemented | A restriction defeats the purpose: the end is the day of arrival.
14(3) | INFO | maintenance | implemented | Whoever orders Internet by virtual router is pointed to the other terms.
15(1)(1) | WORKFLOW | maintenance | recorded | Interruption for maintenance and works.
15(1)(2) | WORKFLOW | maintenance | recorded | Interruption because the supplier stops.
15(1)(3) | WORKFLOW | maintenance | implemented | Interruption held necessary: it counts once a second person agrees.
15(2) s1 | WORKFLOW | maintenance | part | Planned work is announced four weeks before, by the supplier.
  The latest day can be worked out and the supplier's notice is kept; nobody is alarmed yet.
15(2) s2 | WORKFLOW | maintenance | recorded | Urgent work, announced without lead time.
15(2) s3 | WORKFLOW | maintenance | implemented | Work without notice: approved, with a reason.
15(3) | WORKFLOW | maintenance | planned | A stop without notice is reported afterwards.
16(1)(1) | WORKFLOW | default | implemented | An unpaid debt leads up the ladder of dunning.
16(1)(2) | WORKFLOW | violation | planned | Case: false statements.
16(1)(3) | WORKFLOW | violation | planned | Case: resale.
16(1)(4) | WORKFLOW | violation | planned | Case: forbidden use.
16(1)(5) | WORKFLOW | violation | planned | Case: other breach that hampers the provider.
16(1)(6) | WORKFLOW | default | planned | Case: payments stopped.
16(1)(7) | WORKFLOW | default | planned | Case: seizure or insolvency proceedings.
16(1)(8) | WORKFLOW | violation | planned | Case: forbidden by a court.
16(1)(9) | WORKFLOW | violation | planned | Case: harm to others that nothing else can prevent.
16(2) | WORKFLOW | default | part | A suspension is announced with first day and period, or legal agrees that not.
  For an unpaid debt; the other grounds come with their subject.
16(3) | WORKFLOW | default | implemented | Service resumes, on a pledge if one is asked for.
17(1) | WORKFLOW | termination | part | Rescission of who is suspended and still at fault.
  For an unpaid debt; the other grounds of suspension come with their subject.
17(2) | WORKFLOW | termination | part | Rescission without suspension in grave cases.
  For an unpaid debt; the other grounds of suspension come with their subject.
17(3) | WORKFLOW | termination | implemented | A rescission takes effect when its letter arrives.
18(1) s1 | RULE | termination | implemented | Notice in writing, one month ahead; the end is a month's last day.
18(1) s2 | WORKFLOW | termination | implemented | Reminders to delete the resources; what is left is recorded.
18(2) | WORKFLOW | termination | implemented | An event of 14 or 15 defeats the purpose: the end is the day of arrival.
18(3) | WORKFLOW | termination | planned | Part of the service is discontinued: rescinded that day.
19(1)(1) | RECORD | violation | planned | Forbidden: against public order.
19(1)(2) | RECORD | violation | planned | Forbidden: crime, or what may become one.
19(1)(3) | RECORD | violation | planned | Forbidden: infringement of copyright.
19(1)(4) | RECORD | violation | planned | Forbidden: infringement of property or privacy.
19(1)(5) | RECORD | violation | planned | Forbidden: defamation.
19(1)(6a) | RECORD | violation | planned | Forbidden: obscenity, abuse of children.
19(1)(6b) | RECORD | violation | planned | Forbidden: links without consent.
19(1)(7) | RECORD | violation | planned | Forbidden: excessive load.
19(1)(8) | RECORD | violation | planned | Forbidden: against the precautions we told of.
19(1)(9) | RECORD | violation | planned | Forbidden: disclosing information about the service.
19(1)(10) | RECORD | violation | planned | Forbidden: other breaches of law.
19(1)(11) | RECORD | violation | planned | Forbidden: obstruction, harm to our reputation.
19(2) | INFO | violation | planned | The rules of other networks hold too; a code of a case.
19(3) | INFO | violation | planned | Customers cooperate on shared equipment; a letter asks them to.
19(4) | RECORD | disclosure | planned | What customers may disclose to their affiliates and contractors.
20 | INFO | application | excused | The customer brings its own equipment and lines.
  Nothing is sold, billed or kept for it.
21(1) | INFO | violation | excused | The customer answers for all that happens in its area.
  Shares out responsibility; claims will cite it.
21(2) | INFO | violation | excused | The provider guarantees no registered data.
  Shares out responsibility; claims will cite it.
21(3) | INFO | violation | excused | The customer settles its own disputes.
  Shares out responsibility; claims will cite it.
22(1) | RECORD | disclosure | planned | Documents are marked as confidential.
22(2)(1) | RECORD | disclosure | planned | Not confidential: public already.
22(2)(2) | RECORD | disclosure | planned | Not confidential: known already.
22(2)(3) | RECORD | disclosure | planned | Not confidential: made public by others.
22(2)(4) | RECORD | disclosure | planned | Not confidential: lawfully from third parties.
22(2)(5) | RECORD | disclosure | planned | Not confidential: developed independently.
22(3) | RECORD | disclosure | part | Only who needs to know reads: contact data by role, and sealed in store.
  The log of accesses and the register of pledges are still to come.
23(1) | RECORD | violation | part | Nobody is accepted who has not declared that it does not resell.
  Cases of resale come with their subject.
24(1) | RULE | billing | implemented | Prices come from the version of the price list in force on the day.
24(2) | RULE | billing | implemented | Charges run by calendar months.
24(3) | RULE | billing | implemented | Monthly charges and initial fees fall due as 27 says.
24(4) | RULE | billing | implemented | Consumption tax is added, at the rate of the day of supply.
25(1) | RULE | billing | implemented | Initial fees are due at the end of the second month after the first.
25(2) | RULE | change | part | A change has its own initial fee.
  Recorded fees are billed; the orders of changes come with their subject.
25(3) | RECORD | change | planned | Who orders on the console agrees to the initial fee.
26(1) | RULE | billing | implemented | Time of use by the hourly price.
26(2) | RULE | billing | implemented | A monthly cap from a number of hours on.
26(3) | RULE | billing | implemented | Charged from the first day of charging to the day of the end.
26(4) | RULE | billing | part | Charges go on during a suspension.
  Billing asks for no suspension; suspensions come with their subject.
27(1) | WORKFLOW | billing | implemented | The month's invoice.
27(2) | RULE | payment | implemented | Due at the end of the second month after the month of use.
28(1) | RULE | termination | part | Leaving before service starts costs the whole minimum term.
  Invoiced by formula; to waive it, or claim another sum, comes with its subject.
28(2) | RULE | termination | part | Leaving before the minimum term is over costs the rest of it.
  Invoiced by formula; to waive it, or claim another sum, comes with its subject.
29(1) | INFO | retention | excused | The customer manages its own data.
  Shares out responsibility; claims will cite it.
29(2) | INFO | violation | excused | The customer answers for misuse of its servers by others.
  Shares out responsibility; claims will cite it.
29(3) | RULE | retention | part | Records of use are never erased on request.
  A corrected row is superseded, never deleted, and outlives the erasure of names; a request has no letter yet.
29(4) | INFO | retention | excused | No liability for lost or leaked data.
  Shares out responsibility; claims will cite it.
29(5) | INFO | violation | excused | The customer settles disputes over its servers.
  Shares out responsibility; claims will cite it.
30 | INFO | retention | excused | Copyright in the data stays with the customer.
  A right that nothing in the office changes.
31(1) | INFO | contract | excused | Software is made available, not sold.
  A right that nothing in the office changes.
31(2) | INFO | contract | excused | Software is used for the service only.
  A duty of the customer that the office does not watch.
32 s1 | RECORD | disclosure | planned | Register of administrators' logins.
32 s2 | RECORD | disclosure | planned | Register of views and copies of customers' data.
33 | RECORD | maintenance | planned | Updates of software are recorded.
34(1) | WORKFLOW | retention | implemented | After the end the data are deleted.
34(2) | WORKFLOW | retention | implemented | Deletion while the contract lives: switched off.
34(3) | INFO | retention | excused | No liability for a deletion.
  Shares out responsibility; claims will cite it.
35 | WORKFLOW | violation | part | Surcharge of twice the avoided fee.
  Worked out, approved and invoiced; the case comes with its subject.
36 | RULE | default | implemented | Late interest of 14.5 % a year.
37 | RULE | billing | implemented | Amounts are cut off below one yen.
38(1) | WORKFLOW | termination | implemented | The customer is asked to remove what is left over, by a checklist.
38(2) s1 | WORKFLOW | termination | implemented | The provider removes what was left, by a work order.
38(2) s2 | RULE | termination | implemented | What stands at the end is recorded, told beforehand, and can be invoiced.
38(2) s3 | RULE | termination | implemented | Damages for what is not removed, by the day.
39(1) | RECORD | contract | planned | Register of claims and their answers.
39(2) | RECORD | maintenance | planned | Claims over an outage; no report is owed.
40 | WORKFLOW | disclosure | implemented | Secrets are disclosed by lawful order, consent or contractor only.
41 | WORKFLOW | disclosure | implemented | A publication needs the customer's consent to it, and a second person.
42(1) | RULE | notice | implemented | A letter goes to the registered contact by the channel its form allows.
42(2) s1 | RULE | notice | implemented | A letter to a wrong contact counts as arrived at the normal time.
42(2) s2 | RULE | notice | implemented | An e-mail counts as made at dispatch, a page when it can be viewed.
43(1)(1) | WORKFLOW | violation | part | Applicants and officers declare and are screened before acceptance.
  The yearly repetition comes with its subject.
43(1)(2) | RECORD | violation | recorded | Declared on the form: not controlled.
43(1)(3) | RECORD | violation | recorded | Declared on the form: no use of force.
43(1)(4) | RECORD | violation | recorded | Declared on the form: no funds or favours.
43(1)(5) | RECORD | violation | recorded | Declared on the form: performance does not aid.
43(2)(1) | WORKFLOW | violation | implemented | Rescission at once: the declaration is broken.
43(2)(2)① | WORKFLOW | violation | implemented | Rescission at once: violent demands.
43(2)(2)② | WORKFLOW | violation | implemented | Rescission at once: undue demands.
43(2)(2)③ | WORKFLOW | violation | implemented | Rescission at once: threats, violence.
43(2)(2)④ | WORKFLOW | violation | implemented | Rescission at once: rumours, fraud, force.
43(2)(2)⑤ | WORKFLOW | violation | implemented | Rescission at once: comparable acts.
43(3) s1 | RECORD | violation | planned | No liability for such a rescission; a code of claims.
43(3) s2 | RECORD | violation | planned | Damages claimed after such a rescission.
44(1) | RECORD | application | implemented | Nobody is accepted without consent to the use of its data.
44(2) | INFO | disclosure | excused | Data are handled by the privacy policy.
  The policy is the provider's own document.
44(3) | RECORD | disclosure | planned | Each export names its purpose.
44(4) | RECORD | disclosure | implemented | Register of contractors and of the data they hold.
44(5)(1) | RECORD | disclosure | implemented | Ground of disclosure: consent.
44(5)(2) | RECORD | disclosure | implemented | Ground of disclosure: collection by a bank.
44(5)(3) | RECORD | disclosure | implemented | Ground of disclosure: warrant.
44(5)(4) | RECORD | disclosure | implemented | Ground of disclosure: inquiry by an authority, or a statute.
44(5)(5) | RECORD | disclosure | implemented | Ground of disclosure: emergency, self-defence.
44(6) | WORKFLOW | retention | implemented | Personal data are erased when their time is over.
45 | INFO | notice | planned | Letters that may lead to court name the court.
  The first of them come with default.
附則 | RULE | revision | implemented | In force from 1 March 2026: no price list, hence no order, is older.
"""


_ROW = re.compile(
    r"^(?P<ref>\S.*) \| (?P<kind>\w+) \| (?P<subject>\w+) \| (?P<status>\w+) \| (?P<what>.+)(?:\n {2}(?P<note>.+))?$",
    re.MULTILINE,
)


def _clause(row: re.Match[str]) -> Clause:
    """Read a row of the table; an indented line below it is its note."""
    return Clause(
        ref=row["ref"],
        kind=cast("Kind", row["kind"]),
        subject=cast("Subject", row["subject"]),
        status=cast("Status", row["status"]),
        what=row["what"],
        note=row["note"] or "",
    )


CLAUSES = tuple(_clause(row) for row in _ROW.finditer(_TABLE))


def title_of(number: int) -> str:
    """Return the printed title of an article."""
    return TITLES[number - 1]


def clauses_of(subject: str) -> tuple[Clause, ...]:
    """Return the clauses that a subject carries out, in the order of the terms."""
    return tuple(clause for clause in CLAUSES if clause.subject == subject)


def speaks_of(mark: Article, clause: Clause) -> bool:
    """Tell whether a citation speaks of a clause: the same place, or one that contains the other.

    A citation of a whole article (`Article(26)`) speaks of no single paragraph of it.
    """
    place = clause.article
    if place is None or clause.is_term or mark.law or mark.number != place.number:
        return False
    if (mark.paragraph is None) != (place.paragraph is None):
        return False
    pairs = ((mark.paragraph, place.paragraph), (mark.item, place.item), (mark.sub, place.sub))
    return all(cited is None or printed is None or cited == printed for cited, printed in pairs)


def rules_of(clause: Clause) -> tuple[str, ...]:
    """Return the functions that carry out a clause, as `termination.by_notice`."""
    load()
    return tuple(
        sorted(
            name.removeprefix("terms.")
            for name, marks in implementations().items()
            if any(speaks_of(mark, clause) for mark in marks)
        )
    )


def rules_of_whole(number: int) -> tuple[str, ...]:
    """Return the functions that are marked with an article as a whole."""
    load()
    whole = Article(number)
    return tuple(sorted(name.removeprefix("terms.") for name, marks in implementations().items() if whole in marks))


def statutes() -> dict[Article, tuple[str, ...]]:
    """Return the places of statutes that rules carry out, with the rules."""
    load()
    found: dict[Article, list[str]] = {}
    for name, marks in implementations().items():
        for mark in marks:
            if mark.law:
                found.setdefault(mark, []).append(name.removeprefix("terms."))
    return {place: tuple(sorted(found[place])) for place in sorted(found, key=str)}


def letters_of(clause: Clause) -> tuple[str, ...]:
    """Return the letters that rest on a clause."""
    return tuple(slug for slug, kind in LETTERS.items() if speaks_of(Article.parse(kind.article), clause))


@cache
def load() -> None:
    """Import every module of this package, so that all their marks are known."""
    for module in pkgutil.iter_modules(terms.__path__):
        importlib.import_module(f"terms.{module.name}")
