"""Colour themes: one TOML file each, and the loader that checks them."""
