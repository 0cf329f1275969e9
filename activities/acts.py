"""Every act that needs a second person and that no workflow waits for, by its name (四眼)."""

from collections.abc import Mapping

from activities.allotment import CASH_ACTS
from activities.approvals import Act
from activities.billing_run import BILLING_RUN
from activities.corrections import CREDIT_NOTE, WRITE_OFF
from activities.deemed_arrivals import DEEMED_ARRIVAL
from activities.disclosure import DISCLOSE
from activities.early_deletion import EARLY_DELETION
from activities.erasure_by_hand import ERASURE
from activities.legal_holds import PLACE, RELEASE
from activities.maintenance import INTERRUPT, WITHOUT_NOTICE
from activities.penalty_waiver import PENALTY_WAIVER
from activities.price_lists import PRICE_LIST
from activities.publications import PUBLISH
from activities.reissue import REISSUE
from activities.restoration import RESTORATION
from activities.succession_acts import ASSIGN, CONTINUE, RESCIND, RESCIND_LATE
from activities.surcharge import SURCHARGE

INVOICE_ACTS = (CREDIT_NOTE, PENALTY_WAIVER, REISSUE, RESTORATION, SURCHARGE, WRITE_OFF)
RETENTION_ACTS = (EARLY_DELETION, ERASURE, PLACE, RELEASE)
LETTER_ACTS = (DEEMED_ARRIVAL,)
REGISTER_ACTS = (DISCLOSE, PUBLISH, INTERRUPT, WITHOUT_NOTICE)
SUCCESSION_ACTS = (ASSIGN, CONTINUE, RESCIND, RESCIND_LATE)

ACTS: Mapping[str, Act] = {
    act.name: act
    for act in (
        *(BILLING_RUN, PRICE_LIST),
        *INVOICE_ACTS,
        *CASH_ACTS,
        *RETENTION_ACTS,
        *LETTER_ACTS,
        *REGISTER_ACTS,
        *SUCCESSION_ACTS,
    )
}
