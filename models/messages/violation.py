"""What the letters about a violation state (Art. 43)."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Literal

from models.messages.facts import Facts, Yen
from terms.violation import AntisocialItem


class AntisocialRescission(Facts):
    """`antisocial_rescission_notice`: ends the contract when it arrives; the rest is told for `arrives_on`."""

    item: AntisocialItem
    arrives_on: date
    penalty: Yen
    penalty_article: Literal["28(1)", "28(2)"] = "28(2)"
    delete_from_on: date


VIOLATION_FACTS: Mapping[str, type[Facts]] = MappingProxyType({"antisocial_rescission_notice": AntisocialRescission})
