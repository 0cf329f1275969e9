"""Days in words for Temporal's page."""

from datetime import date


def day_words(day: date) -> str:
    """Write a day as 2026年8月31日."""
    return f"{day.year}年{day.month}月{day.day}日"
