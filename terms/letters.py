"""Which letter rests on which clause, in which form it goes out and by which channel.

- 9(3), 18(1), 18(2): what the terms want in writing (書面).
- 17(3), 12(2), 43(2): a rescission is a letter of certified content (内容証明); only its real arrival counts (A35).
  So is the demand before it (催告, 17(1)), for which the other rules of arrival hold. Both go to the registered
  office (本店).
- 27(1): bills in the way that we lay down (form QM): by e-mail with PDFs, to the contact for bills.
- 42(1): every other notice by post, fax, e-mail to the registered contact, or on the website.
- 16(2): a suspension is announced in the way that we lay down (QM).
- 44(6): an erasure is recorded in a document that is sent to nobody; who asks for a certificate is given it.
- 42(2), A65: without consent to electronic delivery letters of form 42 and QM go by ordinary post.
"""

from dataclasses import dataclass
from typing import Literal

from terms.citation import Article, implements

Form = Literal["42", "QM", "W", "W-REG", "W-CERT", "record"]
Channel = Literal["email", "post", "registered", "certified"]
ContactKind = Literal["contract", "billing", "technical", "emergency", "seat", "successor"]
"""`seat` is the registered office, attention of the representative (代表者): no contact that anybody registered;
`successor` who has told us of a succession (12(1)), whom we do not treat as the party yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterKind:
    """A letter of the provider: its title, clause and legal form, and the registered contact it goes to.

    One that goes `paper_too` is posted besides the e-mail. With `actual_arrival` only delivery or refusal counts.
    """

    title: str
    article: str
    form: Form = "42"
    contact: ContactKind = "contract"
    paper_too: bool = False
    actual_arrival: bool = False


class NotSent(ValueError):
    """A record of the office is sent to nobody, so it has no channel; names it."""


LETTERS: dict[str, LetterKind] = {
    "application_received_notice": LetterKind(title="受付のお知らせ", article="9(1)"),
    "application_incomplete_notice": LetterKind(title="不備のお知らせ", article="8(1)"),
    "acceptance_notice": LetterKind(title="承諾通知書", article="9(1)"),
    "refusal_notice": LetterKind(title="不承諾通知書", article="9(3)", form="W-REG"),
    "service_start_notice": LetterKind(title="開通(利用開始)通知書", article="5(1)"),
    "cancellation_receipt": LetterKind(title="解約受付通知", article="18(1)"),
    "not_in_writing_notice": LetterKind(title="書面による届出のお願い", article="18(1)"),
    "special_cancellation_receipt": LetterKind(title="特別解除の受付通知", article="18(2)"),
    "pre_start_withdrawal_receipt": LetterKind(title="提供開始前解除の受付通知", article="28(1)"),
    "resource_deletion_reminder": LetterKind(title="OCFリソース削除のお願い", article="18(1)"),
    "contract_end_notice": LetterKind(title="契約終了のお知らせ", article="18(1)"),
    "restoration_request": LetterKind(title="設備撤去・原状回復のお願い", article="38(1)", paper_too=True),
    "data_erasure_certificate": LetterKind(title="データ消去証明書", article="34(1)"),
    "personal_data_erasure_record": LetterKind(title="個人情報消去記録", article="44(6)", form="record"),
    "contact_check_request": LetterKind(title="連絡先確認のお願い", article="42(2)"),
    "invoice": LetterKind(title="請求書", article="27(1)", form="QM", contact="billing"),
    "usage_statement": LetterKind(title="利用明細書", article="27(1)", form="QM", contact="billing"),
    "credit_note": LetterKind(title="適格返還請求書", article="27(1)", form="QM", contact="billing"),
    "penalty_invoice": LetterKind(title="違約金請求書", article="28(2)", contact="billing"),
    "surcharge_invoice": LetterKind(title="割増金請求書", article="35", contact="billing"),
    "late_interest_invoice": LetterKind(title="遅延損害金請求書", article="36", contact="billing"),
    "restoration_invoice": LetterKind(title="原状回復費用請求書", article="38(2)", contact="billing"),
    "receipt": LetterKind(title="領収書", article="27(2)", contact="billing"),
    "payment_inquiry": LetterKind(title="ご入金の確認", article="27(2)", contact="billing"),
    "refund_notice": LetterKind(title="返金のお知らせ", article="27(2)", contact="billing"),
    "first_reminder": LetterKind(title="督促状", article="16(1)(1)"),
    "second_reminder": LetterKind(title="督促状(再)", article="16(1)(1)", paper_too=True),
    "suspension_warning": LetterKind(title="利用停止予告通知書", article="16(2)", form="QM"),
    "suspension_started_notice": LetterKind(title="停止通知", article="16(2)"),
    "suspension_extension_notice": LetterKind(title="停止期間延長通知", article="16(2)", form="QM"),
    "pledge_request": LetterKind(title="誓約書提出依頼", article="16(3)"),
    "service_resumed_notice": LetterKind(title="再開通知", article="16(3)"),
    "formal_demand": LetterKind(title="催告書", article="17(1)", form="W-CERT", contact="seat"),
    "rescission_notice": LetterKind(
        title="解除通知書", article="17(3)", form="W-CERT", contact="seat", actual_arrival=True
    ),
    "antisocial_rescission_notice": LetterKind(
        title="解除通知書", article="43(2)", form="W-CERT", contact="seat", actual_arrival=True
    ),
    "succession_receipt": LetterKind(title="承継届受付のお知らせ", article="12(1)", contact="successor"),
    "succession_rescission_notice": LetterKind(
        title="承継に伴う解除通知書", article="12(2)", form="W-CERT", contact="seat", actual_arrival=True
    ),
    "proof_request": LetterKind(title="証明書類の提出依頼", article="13(2)"),
    "registration_change_receipt": LetterKind(title="変更届受付のお知らせ", article="13(1)"),
    "assignment_consent": LetterKind(title="譲渡承諾書", article="11", form="W"),
    "assignment_refusal": LetterKind(title="譲渡不承諾通知書", article="11", form="W"),
}


@implements(Article(42, 1), Article(9, 3), Article(12, 2), Article(17, 3))
def channel_of(slug: str, *, electronic_delivery: bool) -> Channel:
    """Choose the channel of a letter by its legal form and the customer's consent to electronic delivery.

    A request to check a contact goes by another channel than the one that failed: by post.

    Raises:
        NotSent: it is a record.
    """
    kind = LETTERS[slug]
    if kind.form == "record":
        raise NotSent(slug)
    if kind.form == "W-REG":
        return "registered"
    if kind.form == "W-CERT":
        return "certified"
    if kind.form == "W" or slug == "contact_check_request" or not electronic_delivery:
        return "post"
    return "email"


def copy_of(slug: str, channel: Channel) -> Channel | None:
    """Choose the second channel of a letter that goes `paper_too`: the post, where it did not go so already."""
    return "post" if LETTERS[slug].paper_too and channel == "email" else None
