"""The conversation, pure: events in, effects out; it knows no samples of sound, no devices, no clock."""
