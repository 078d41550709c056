"""Requests UDP services answer, built from their specifications: one file per family."""
