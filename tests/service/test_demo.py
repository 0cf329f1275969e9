"""`yakkan demo` plays its story to the end, leaves the letters, and leaves nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pypdfium2
import pytest

from models.messages.application import ApplicationForm
from service.demo import play
from service.demo_story import FORM

MINUTES = 8
PRODUCTION = "postgresql+psycopg://yakkan@127.0.0.1:1/production"
LETTERS = [
    *("application_incomplete_notice", "application_received_notice", "acceptance_notice", "service_start_notice"),
    *("application_received_notice", "refusal_notice", "invoice", "invoice", "first_reminder", "invoice"),
    *("second_reminder", "second_reminder", "suspension_warning", "suspension_started_notice"),
    *("late_interest_invoice", "service_resumed_notice", "invoice", "not_in_writing_notice", "cancellation_receipt"),
    *("invoice", "resource_deletion_reminder", "resource_deletion_reminder", "resource_deletion_reminder"),
    *("contract_end_notice", "penalty_invoice", "restoration_request", "restoration_request", "first_reminder"),
    *("invoice", "second_reminder", "second_reminder"),
    *("late_interest_invoice", "data_erasure_certificate"),
]


def text_of(path: Path) -> str:
    """Read the text of a PDF."""
    document = pypdfium2.PdfDocument(path)
    try:
        return "".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def processes_in(folder: Path) -> list[str]:
    """List the processes whose environment names a folder."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if str(folder).encode() in environment.read_bytes():
                found.append(environment.parent.name)
        except OSError:
            continue  # it has just ended, or is another user's
    return found


@pytest.mark.timeout(MINUTES * 60)
def test_the_story_is_told_to_its_end(tmp_path: Path) -> None:
    """Exit code 0, a dated timeline, every letter as PDF with its clause (Art. 1); configured databases untouched."""
    out, folder = tmp_path / "letters", tmp_path / "temporary"
    folder.mkdir()
    environment = os.environ | {"TMPDIR": str(folder), "YAKKAN_DATABASE_URL": PRODUCTION}
    command = [sys.executable, "-m", "service.cli", "demo", "--out", str(out)]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=MINUTES * 60 - 30, check=False
    )

    assert done.returncode == 0, done.stderr
    for told in (
        "2026-03-25 09:01  第43条第1項         × 反社会的勢力でないことの表明確約がありません。",
        "第9条第1項          承諾通知により利用契約(C-000001)が成立しました。 [自動]",
        "第9条第3項          不承諾通知書を書留で発送しました。申込みの状態は「不承諾」です。",
        "2026-05-12 10:00  第24条第2項         2026-04分: 対象1件、請求1件、保留0件。",
        "・VM-M8: 3,600円 (第26条第1項)",
        "・請求額 1,598,960円、お支払期日 2026-06-30",
        "2026-07-01 09:00  第16条第1項第1号    支払期日(2026-06-30)を経過しました。 [自動]",
        "2026-07-25 10:00  第16条第1項第1号    サービスの全部の提供を停止しました。 [督促]",
        "2026-07-30 15:00  第16条第3項         サービスの提供を再開しました。 [自動]",
        "2026-07-31 15:01  第27条第2項         入金1,001,000円は名義と金額から消し込まれました。[入金消込]",
        "2026-08-10 09:30  第18条第1項         × ",
        "27,000,000",
        "2026-10-01 00:00  第18条第1項         利用契約は2026年9月30日をもって終了しました。 [自動]",
        "2026-10-01 00:00  第38条第1項         契約終了日に残っていた設備等の撤去及び原状回復を求めました。 [自動]",
        "第38条第1項         次の予定: 2026-10-14 撤去・原状回復の期限",
        "2026-10-30 00:10  第34条第1項         データ等を削除しました。 [自動]",
        "2037-04-02 10:00  第44条第6項         利用契約の状態は「消去済」、契約者名は「(消去済)」です。",
        "第38条第2項         削除されずに残ったリソース: res-gateway (閉域接続)",
        "第44条第6項         不承諾とした申込みの個人情報は、180日後に消去されました。",
    ):
        assert told in done.stdout
    letters = sorted(out.iterdir())
    assert [path.name for path in letters] == [f"N-{n:06d}-{slug}.pdf" for n, slug in enumerate(LETTERS, 1)]
    assert str(out) in done.stdout
    for letter in letters:
        assert "QT PRO Cloud サービス利用規約 Ver1.0 第" in text_of(letter)
    assert "2026年9月30日" in text_of(letters[18])
    assert "1,598,960" in text_of(letters[6])
    assert [*folder.iterdir()] == []
    assert processes_in(folder) == []


def test_a_folder_that_can_not_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is started where the letters have no place; exit code 1 and the reason."""
    (tmp_path / "file").write_text("no folder")
    assert play(tmp_path / "file" / "letters") == 1
    assert "yakkan demo: " in capsys.readouterr().err


def test_the_form_is_complete() -> None:
    """The example form of README and demonstration is one that can be accepted."""
    form = ApplicationForm.model_validate_json(FORM.read_text(encoding="utf-8"))
    assert form.anti_social_representation
    assert form.dedicated_cluster_term_confirmed
