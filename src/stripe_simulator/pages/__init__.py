"""The pages that people see: plain HTML and plain form posts, no script.

Owns what is shown and which buttons exist. Does not own what they do: see ``billing`` and
``connect``.
"""
