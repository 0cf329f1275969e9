"""Art. 9(3), 17(3), 42: which letter rests on which clause, its form and its channel."""

import pytest

from terms.letters import LETTERS, NotSent, channel_of, copy_of

IN_WRITING = {"refusal_notice"}
CERTIFIED = {"formal_demand", "rescission_notice", "succession_rescission_notice", "antisocial_rescission_notice"}
CONSENTS = {"assignment_consent", "assignment_refusal"}
RECORDS = {"personal_data_erasure_record"}
BY_POST = {"contact_check_request"}
BILLS = {"invoice", "usage_statement", "credit_note"}
SUSPENSIONS = {"suspension_warning", "suspension_extension_notice"}
PAYMENTS = {"receipt", "payment_inquiry", "refund_notice"}
CLAIMS = {"penalty_invoice", "surcharge_invoice", "late_interest_invoice", "restoration_invoice"}


class TestArticle9Paragraph3:
    """A refusal is told in writing (書面), with proof of delivery."""

    @pytest.mark.parametrize("electronic_delivery", [True, False])
    def test_a_refusal_goes_by_registered_post(self, *, electronic_delivery: bool) -> None:
        """Consent to electronic delivery does not make an e-mail a 書面 (A18)."""
        assert channel_of("refusal_notice", electronic_delivery=electronic_delivery) == "registered"

    def test_nothing_else_of_this_list_needs_writing(self) -> None:
        """All other letters have no fixed form: 42(1) lets the provider choose."""
        assert {slug for slug, kind in LETTERS.items() if kind.form == "W-REG"} == IN_WRITING


class TestArticle11:
    """Whether we consent to an assignment is told in writing (書面), whose arrival can be proven or deemed."""

    @pytest.mark.parametrize("electronic_delivery", [True, False])
    @pytest.mark.parametrize("slug", sorted(CONSENTS))
    def test_it_goes_by_post(self, slug: str, *, electronic_delivery: bool) -> None:
        """Consent to electronic delivery does not make an e-mail a 書面 (A18)."""
        assert LETTERS[slug].form == "W"
        assert channel_of(slug, electronic_delivery=electronic_delivery) == "post"


class TestArticle17Paragraph3:
    """A rescission is told in writing and takes effect when it arrives; the demand before it has the same form."""

    @pytest.mark.parametrize("electronic_delivery", [True, False])
    @pytest.mark.parametrize("slug", sorted(CERTIFIED))
    def test_they_go_as_certified_content(self, slug: str, *, electronic_delivery: bool) -> None:
        """Consent to electronic delivery changes nothing: it proves what was written and that it arrived."""
        assert channel_of(slug, electronic_delivery=electronic_delivery) == "certified"

    def test_they_go_to_the_registered_office(self) -> None:
        """To the representative, not to a contact for daily business; no other letter does."""
        assert {slug for slug, kind in LETTERS.items() if kind.form == "W-CERT"} == CERTIFIED
        assert {slug for slug, kind in LETTERS.items() if kind.contact == "seat"} == CERTIFIED

    def test_only_a_rescission_waits_for_its_real_arrival(self) -> None:
        """No deeming of 42(2) stands in for it (A35)."""
        waiting = {slug for slug, kind in LETTERS.items() if kind.actual_arrival}
        assert waiting == CERTIFIED - {"formal_demand"}


class TestArticle42Paragraph1:
    """By e-mail to whom agreed to it, else by ordinary post."""

    @pytest.mark.parametrize("slug", sorted(LETTERS.keys() - IN_WRITING - CERTIFIED - BY_POST - CONSENTS - RECORDS))
    def test_consent_decides(self, slug: str) -> None:
        """Who agreed to electronic delivery gets e-mail, who did not gets paper (A65)."""
        assert channel_of(slug, electronic_delivery=True) == "email"
        assert channel_of(slug, electronic_delivery=False) == "post"

    @pytest.mark.parametrize("electronic_delivery", [True, False])
    def test_a_doubtful_contact_is_asked_by_another_channel(self, *, electronic_delivery: bool) -> None:
        """After a bounce the question goes by post: by e-mail it would come back too."""
        assert channel_of("contact_check_request", electronic_delivery=electronic_delivery) == "post"

    @pytest.mark.parametrize("slug", sorted(LETTERS))
    def test_some_go_on_paper_too(self, slug: str) -> None:
        """A copy by post beside the e-mail, and no second letter where the first is on paper."""
        wanted = "post" if slug in {"second_reminder", "restoration_request"} else None
        assert copy_of(slug, "email") == wanted
        assert copy_of(slug, "post") is None

    def test_a_record_is_sent_to_nobody(self) -> None:
        """Who asks for a certificate of an erasure is given it; it has no channel of its own (44(6))."""
        assert {slug for slug, kind in LETTERS.items() if kind.form == "record"} == RECORDS
        for slug in RECORDS:
            with pytest.raises(NotSent):
                channel_of(slug, electronic_delivery=True)

    def test_a_letter_that_is_not_on_the_list_has_no_channel(self) -> None:
        """No letter is sent whose clause and form nobody has stated."""
        with pytest.raises(KeyError):
            channel_of("greeting", electronic_delivery=True)

    def test_money_is_the_business_of_the_contact_for_bills(self) -> None:
        """Application, start and end of a contract go to its contract contact, what is to be paid to the other."""
        to_bills = {slug for slug, kind in LETTERS.items() if kind.contact == "billing"}
        assert to_bills == BILLS | CLAIMS | PAYMENTS
        assert {kind.contact for kind in LETTERS.values()} == {"contract", "billing", "seat", "successor"}
        assert {slug for slug, kind in LETTERS.items() if kind.contact == "successor"} == {"succession_receipt"}

    def test_bills_go_the_way_that_the_provider_lays_down(self) -> None:
        """27(1), 16(2): bills and warnings of a suspension have it; a claim of Art. 28, 35, 36 or 38 is any notice."""
        assert {slug for slug, kind in LETTERS.items() if kind.form == "QM"} == BILLS | SUSPENSIONS
        assert {LETTERS[slug].form for slug in CLAIMS | PAYMENTS} == {"42"}

    @pytest.mark.parametrize(
        ("slug", "article"),
        [
            ("application_received_notice", "9(1)"),
            ("application_incomplete_notice", "8(1)"),
            ("acceptance_notice", "9(1)"),
            ("refusal_notice", "9(3)"),
            ("service_start_notice", "5(1)"),
            ("cancellation_receipt", "18(1)"),
            ("not_in_writing_notice", "18(1)"),
            ("special_cancellation_receipt", "18(2)"),
            ("pre_start_withdrawal_receipt", "28(1)"),
            ("resource_deletion_reminder", "18(1)"),
            ("contract_end_notice", "18(1)"),
            ("restoration_request", "38(1)"),
            ("personal_data_erasure_record", "44(6)"),
            ("contact_check_request", "42(2)"),
            ("invoice", "27(1)"),
            ("usage_statement", "27(1)"),
            ("credit_note", "27(1)"),
            ("penalty_invoice", "28(2)"),
            ("surcharge_invoice", "35"),
            ("late_interest_invoice", "36"),
            ("restoration_invoice", "38(2)"),
            ("receipt", "27(2)"),
            ("payment_inquiry", "27(2)"),
            ("refund_notice", "27(2)"),
            ("first_reminder", "16(1)(1)"),
            ("second_reminder", "16(1)(1)"),
            ("suspension_warning", "16(2)"),
            ("suspension_started_notice", "16(2)"),
            ("suspension_extension_notice", "16(2)"),
            ("pledge_request", "16(3)"),
            ("service_resumed_notice", "16(3)"),
            ("formal_demand", "17(1)"),
            ("rescission_notice", "17(3)"),
            ("antisocial_rescission_notice", "43(2)"),
            ("succession_receipt", "12(1)"),
            ("succession_rescission_notice", "12(2)"),
            ("proof_request", "13(2)"),
            ("registration_change_receipt", "13(1)"),
            ("assignment_consent", "11"),
            ("assignment_refusal", "11"),
        ],
    )
    def test_the_clause_of_each_letter(self, slug: str, article: str) -> None:
        """As the table of letters says."""
        assert LETTERS[slug].article == article
