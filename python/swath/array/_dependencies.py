"""What arrays need and tables do not; imported before anything that uses it."""

from swath._libraries import needed

needed("swath.array", "numpy")
