"""ivrbox: a box on the wall that answers a phone line, runs flows, and forgets when asked to."""

__version__ = "0.1.0"
