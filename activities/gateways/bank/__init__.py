"""Bank files: four formats become one kind of entry; pure functions of bytes.

`read_bank_file` takes any of them. How a transfer is told from one that came in before is the importer's business.
"""

from activities.gateways.bank.entries import AccountId, BankFile, BankFileBroken, Entry, Fault
from activities.gateways.bank.reader import read_bank_file

__all__ = ["AccountId", "BankFile", "BankFileBroken", "Entry", "Fault", "read_bank_file"]
