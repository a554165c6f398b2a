"""The living call: frames in, frames out, and everything between them a pure function."""
