"""Samples in, facts out: pure functions and small machines over int16 samples at 8000 Hz; no clock, no I/O.

`dtmf` hears keys, `tones` makes them, `level` measures dBm0, `goertzel` is the fixed-point arithmetic beneath.
"""
