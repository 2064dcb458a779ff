"""Sizing: arithmetic over the inputs and the choices, units in the names."""
