"""What the examples in docstrings take for granted."""

import datetime
import decimal

import pytest

import swath as sw


@pytest.fixture(autouse=True)
def names_in_examples(doctest_namespace):
    """Put the module and what values are made with into the namespace of every example."""
    doctest_namespace.update(sw=sw, datetime=datetime, decimal=decimal)
