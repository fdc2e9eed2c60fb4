"""Encoders: pictures and texts into one space."""
