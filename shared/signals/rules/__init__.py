"""Users' own rules: an expression in, the bars on which it turned true out. Parsed to a tree, never evaluated
as Python.

    text ─ grammar ─ syntax tree ─ check (names, types, bars, cost) ─ program ─ evaluate ─ firing
"""
