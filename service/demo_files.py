"""Files that others would send to the demonstration: a usage file of the upstream, a bank's transfer notice."""

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta

USAGE_COLUMNS = (
    "No", "Region", "ServiceName", "ZoneName", "Category", "Menu", "ResourceDisplayName", "StartDate", "EndDate",
    "Usage", "Allocated", "Running", "Stopped", "Amount", "Tax", "Net", "ResourceInformation", "customer_ref",
    "resource_id",
)  # fmt: skip
WEEK = timedelta(days=6)
REIWA = 2018  # years before the first of the era Reiwa
RECORD = 200


def server_usage(customer_ref: str, resource_id: str, code: str, first: date, last: date, hours_a_day: int) -> bytes:
    """Write a month's usage file with one server that ran some hours a day; a row a week (UTF-8, CSV)."""
    text = io.StringIO()
    rows = csv.DictWriter(text, USAGE_COLUMNS, restval="")
    rows.writeheader()
    begin, number = first, 0
    while begin <= last:
        end, number = min(begin + WEEK, last), number + 1
        days = (end - begin).days + 1
        running = hours_a_day * days
        rows.writerow(
            {
                "No": number, "Region": "jp-kyushu", "ServiceName": "Compute Fabric", "ZoneName": "fukuoka-1",
                "Category": "VirtualMachine", "Menu": code, "ResourceDisplayName": "受発注", "StartDate": begin,
                "EndDate": end, "Usage": f"{running}.00", "Allocated": f"{24 * days}.00", "Running": f"{running}.00",
                "Stopped": f"{24 * days - running}.00", "customer_ref": customer_ref, "resource_id": resource_id,
            }
        )  # fmt: skip
        begin = end + timedelta(days=1)
    return text.getvalue().encode()


def transfers(account: dict[str, str], on: date, entries: Sequence[tuple[int, str]]) -> bytes:
    """Write a bank's notice of transfers (全銀協 振込入金通知, 200-byte records, CP932); entries are yen and payer."""
    day = f"{on.year - REIWA:02d}{on:%m%d}"
    bank = f"{account['bank_code']}{'ﾚｲｼﾞ':<15}{account['branch_code']}{'ﾎﾝﾃﾝ':<15}"
    records = [f"1010{day * 3}{bank}{account['type']}{account['number']}{account['holder_kana']:<40}"]
    for number, (amount, payer) in enumerate(entries, 1):
        sent_from = f"{'ﾚｲｼﾞ':<15}{'ﾎﾝﾃﾝ':<15}"
        records.append(f"2{number:06d}{day * 2}{amount:010d}{0:010d}{0:010d}{payer:<48}{sent_from}")
    total = sum(amount for amount, _ in entries)
    records += [f"8{len(entries):06d}{total:012d}{0:06d}{0:012d}", "9"]
    return b"\r\n".join(record.encode("cp932").ljust(RECORD) for record in records) + b"\r\n"
