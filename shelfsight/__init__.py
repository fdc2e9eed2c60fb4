"""Shelfsight: search a catalogue by what its pictures show."""
