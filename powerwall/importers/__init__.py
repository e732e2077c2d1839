"""Importers: public downloads → layers of a region, one file a source.

What a source says in words is read only where it is plain; everything else stays in the note and is
a finding with its line, never a guess.
"""
