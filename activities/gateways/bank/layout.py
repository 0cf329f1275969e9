"""Where the fields of a Zengin record stand, as the byte tables of the format number them: from 1, last included.

種別01 is Format A; N fields are digits, C fields text in single-byte JIS X 0201.
"""

from typing import NamedTuple

RECORD_BYTES = 200


class Field(NamedTuple):
    """A field by its name in the table, its first and its last byte."""

    name: str
    first: int
    last: int


CLASS = Field("データ区分", 1, 1)
KIND = Field("種別コード", 2, 3)
CODE = Field("コード区分", 4, 4)
MADE_ON = Field("作成日", 5, 10)
FROM_ON = Field("勘定日(自)", 11, 16)
TO_ON = Field("勘定日(至)", 17, 22)
BANK_CODE = Field("銀行コード", 23, 26)
BANK_NAME = Field("銀行名", 27, 41)
BRANCH_CODE = Field("支店コード", 42, 44)
BRANCH_NAME = Field("支店名", 45, 59)


class Head01(NamedTuple):
    """The account in the header of 種別01; before it both kinds are the same."""

    account_type: Field = Field("預金種目", 60, 60)
    number: Field = Field("口座番号", 61, 67)


class Head03(NamedTuple):
    """The account in the header of 種別03, and its balance before."""

    account_type: Field = Field("預金種目", 63, 63)
    number: Field = Field("口座番号", 64, 73)
    sign: Field = Field("貸越区分", 114, 114)
    balance: Field = Field("取引前残高", 116, 129)


class Data01(NamedTuple):
    """A transfer in 種別01."""

    reference: Field = Field("照会番号", 2, 7)
    booked_on: Field = Field("勘定日", 8, 13)
    value_on: Field = Field("起算日", 14, 19)
    amount: Field = Field("金額", 20, 29)
    bills: Field = Field("うち他店券金額", 30, 39)
    payer_code: Field = Field("振込依頼人コード", 40, 49)
    payer: Field = Field("振込依頼人名", 50, 97)
    bank: Field = Field("仕向銀行名", 98, 112)
    branch: Field = Field("仕向店名", 113, 127)
    edi: Field = Field("EDI情報", 129, 148)
    cancelled: Field = Field("取消区分", 128, 128)


class Data03(NamedTuple):
    """A movement in 種別03."""

    reference: Field = Field("照会番号", 2, 9)
    booked_on: Field = Field("勘定日", 10, 15)
    value_on: Field = Field("預入・払出日", 16, 21)
    amount: Field = Field("取引金額", 25, 36)
    bills: Field = Field("うち他店券金額", 37, 48)
    payer_code: Field = Field("振込依頼人コード", 72, 81)
    payer: Field = Field("振込依頼人名または契約者番号", 82, 129)
    bank: Field = Field("仕向銀行名", 130, 144)
    branch: Field = Field("仕向店名", 145, 159)
    edi: Field = Field("EDI情報", 180, 199)
    direction: Field = Field("入払区分", 22, 22)
    movement: Field = Field("取引区分", 23, 24)
    cheque: Field = Field("交換呈示日から僚店番号", 49, 71)
    text: Field = Field("摘要内容", 160, 179)


class Tail01(NamedTuple):
    """The totals of 種別01."""

    number: Field = Field("合計件数", 2, 7)
    total: Field = Field("合計金額", 8, 19)
    cancelled_count: Field = Field("取消件数", 20, 25)
    cancelled_total: Field = Field("取消金額", 26, 37)


class Tail03(NamedTuple):
    """The totals of 種別03, and the balance after."""

    in_count: Field = Field("入金件数", 2, 7)
    in_total: Field = Field("入金額合計", 8, 20)
    out_count: Field = Field("出金件数", 21, 26)
    out_total: Field = Field("出金額合計", 27, 39)
    sign: Field = Field("貸越区分", 40, 40)
    balance: Field = Field("取引後残高", 41, 54)
    records: Field = Field("データ・レコード件数", 55, 61)


class End03(NamedTuple):
    """The counts of the file in 種別03."""

    records: Field = Field("レコード総件数", 2, 11)
    accounts: Field = Field("口座数", 12, 16)
