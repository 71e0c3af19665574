"""Experiments that answer what a user of the package would ask, each with figures, plots and a page."""
