"""Takes in a bank file of any format: tells which one it is and reads it."""

from datetime import date

from activities.gateways.bank.anser import read_anser
from activities.gateways.bank.camt import read_camt
from activities.gateways.bank.entries import MAX_BYTES, BankFile, BankFileBroken, Fault
from activities.gateways.bank.zengin import read_zengin

XML = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe", b"\xfe\xff")
EBCDIC_ONE = b"\xf1"
"""How a Zengin file in EBCDIC begins: with its header's データ区分 1."""


def read_bank_file(data: bytes, *, received_on: date) -> BankFile:
    """Read a bank file: Zengin 種別01 or 03, camt.054.001.02 or ANSER CSV.

    `received_on` (Japan) decides whether a Zengin file writes Japanese or western years.

    Raises:
        BankFileBroken: the file is refused as a whole; it says where and why.
    """
    if len(data) > MAX_BYTES:
        raise BankFileBroken((Fault(0, "file", f"is larger than {MAX_BYTES} bytes"),))
    start = data[:80].lstrip()
    if start[:1].isdigit():
        return read_zengin(data, received_on=received_on)
    if start.startswith(XML):
        return read_camt(data)
    if start.startswith(b'"'):
        return read_anser(data)
    if start.startswith(EBCDIC_ONE):
        raise BankFileBroken((Fault(1, "コード区分", "is EBCDIC; only JIS is taken"),))
    raise BankFileBroken((Fault(0, "file", "is neither Zengin 01 or 03, camt.054 nor ANSER CSV"),))
