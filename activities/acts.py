"""Every act that needs a second person and that no workflow waits for, by its name (四眼)."""

from collections.abc import Mapping

from activities.allotment import CASH_ACTS
from activities.approvals import Act
from activities.billing_run import BILLING_RUN
from activities.corrections import CREDIT_NOTE, WRITE_OFF
from activities.early_deletion import EARLY_DELETION
from activities.erasure_by_hand import ERASURE
from activities.legal_holds import PLACE, RELEASE
from activities.penalty_waiver import PENALTY_WAIVER
from activities.price_lists import PRICE_LIST
from activities.reissue import REISSUE
from activities.restoration import RESTORATION
from activities.succession_acts import ASSIGN, CONTINUE, RESCIND, RESCIND_LATE
from activities.surcharge import SURCHARGE

INVOICE_ACTS = (CREDIT_NOTE, PENALTY_WAIVER, REISSUE, RESTORATION, SURCHARGE, WRITE_OFF)
RETENTION_ACTS = (EARLY_DELETION, ERASURE, PLACE, RELEASE)
SUCCESSION_ACTS = (ASSIGN, CONTINUE, RESCIND, RESCIND_LATE)

ACTS: Mapping[str, Act] = {
    act.name: act for act in (BILLING_RUN, PRICE_LIST, *INVOICE_ACTS, *CASH_ACTS, *RETENTION_ACTS, *SUCCESSION_ACTS)
}
