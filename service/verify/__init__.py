"""`yakkan verify`: what must always hold, asked of the raw rows.

Nothing here imports the code that made the rows: neither rules, nor activities, nor the classes of the tables. Numbers
that the terms fix (the tax of a base, the digit of a kind, the beginning of a fiscal year) are written here a second
time, on purpose: two hands that agree are the proof.
"""
