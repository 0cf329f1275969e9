"""Any bytes: which format they are, and that nothing but a refusal comes of broken ones."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.gateways.bank import BankFileBroken, Fault, read_bank_file, reader
from tests.activities.bank.writing import RECEIVED_ON, Habit, Ledger, places, sample, zengin_01

GOOD = [sample(f"{name}-2026-06.{end}") for name, end in (("furikomi", "txt"), ("meisai", "txt"), ("anser", "csv"))]
GOOD.append(sample("camt054-2026-06.xml"))
START = st.sampled_from([b"", b"101", b"103", b'"', b"<", b"<?xml version='1.0'", b"\xff\xfe", b"\xf1", b"\x1a"])


@pytest.mark.parametrize(
    ("data", "line", "field"),
    [
        pytest.param(b"", 0, "file", id="nothing"),
        pytest.param(b"\r\n", 0, "file", id="a line end"),
        pytest.param(b"\x1a", 0, "file", id="an end mark"),
        pytest.param(b"%PDF-1.7", 0, "file", id="a document"),
        pytest.param("照会口座,番号\r\n".encode("cp932"), 0, "file", id="a table without quotes"),
        pytest.param("10100807".encode("cp500").ljust(200, b"\x40"), 1, "コード区分", id="EBCDIC"),
    ],
)
def test_no_bank_file(data: bytes, line: int, field: str) -> None:
    """What is no bank file of a known format is refused."""
    assert places(data) == [(line, field)]


def test_a_file_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file has a bound, and it is the last byte that is too much."""
    data = b"".join(zengin_01([Ledger()], Habit()))
    monkeypatch.setattr(reader, "MAX_BYTES", len(data))
    assert places(data) == []
    assert places(data + b"\x1a") == [(0, "file")]


def read(data: bytes) -> None:
    """Read bytes; only a refusal with places may come of it."""
    errors: tuple[Fault, ...] = (Fault(0, "file", "is good"),)
    try:
        read_bank_file(data, received_on=RECEIVED_ON)
    except BankFileBroken as broken:
        errors = broken.errors[:1]
    assert all(each.line >= 0 and each.field and each.message for each in errors)
    assert errors


@given(start=START, rest=st.binary(max_size=1500))
def test_random_bytes(start: bytes, rest: bytes) -> None:
    """Random bytes are refused, or by chance read; they never raise anything else."""
    read(start + rest)


@settings(max_examples=300)
@given(data=st.sampled_from(GOOD), at=st.integers(0, 2**16), cut=st.integers(0, 12), new=st.binary(max_size=12))
def test_damaged_files(data: bytes, at: int, cut: int, new: bytes) -> None:
    """A good file with some bytes lost and others in their place is refused or read, nothing else."""
    at %= len(data)
    read(data[:at] + new + data[at + cut :])


@given(
    data=st.sampled_from(GOOD[:2]),
    line=st.integers(0, 13),
    at=st.integers(0, 199),
    new=st.binary(min_size=1, max_size=9),
)
def test_damaged_records(data: bytes, line: int, at: int, new: bytes) -> None:
    """Records with other bytes in the place of some are refused or read, nothing else."""
    start = line * 202 + at
    read(data[:start] + new + data[start + len(new) :])
