"""docs/operations.md shows the settings as they are."""

from service.settings_table import DOCUMENT, renewed, table


def test_the_table_is_up_to_date() -> None:
    """`python -m service.settings_table` would change nothing."""
    document = DOCUMENT.read_text(encoding="utf-8")
    assert renewed(document) == document
    assert table() in document


def test_what_is_unset_says_so() -> None:
    """A default that depends on another setting is none that could be printed."""
    shown = table()
    assert "| `YAKKAN_DATABASE_URL` | unset | Database: " in shown
    assert "| `TEMPORAL_NAMESPACE` | `default` | " in shown
