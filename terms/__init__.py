"""The rules of the terms of service: pure functions of dates and amounts, nothing but the standard library."""
