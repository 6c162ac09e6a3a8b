"""How many examples the property tests draw: the same few in every run, or ``SWATH_EXAMPLES`` other ones."""

import os

from hypothesis import HealthCheck, settings

_ASKED = os.environ.get("SWATH_EXAMPLES")


def examples(few):
    """Return the settings of a test that draws this many examples in every run."""
    return settings(
        max_examples=int(_ASKED or few),
        deadline=None,
        derandomize=_ASKED is None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
