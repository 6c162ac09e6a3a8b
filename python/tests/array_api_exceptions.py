"""Where `swath.array` deviates from the Array API standard, and why.

The tests hold the list: what is not in it must conform, and what is in it must deviate.
"""

EXCEPTIONS: dict[str, str] = {}
