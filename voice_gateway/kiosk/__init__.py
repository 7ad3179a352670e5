"""The kiosk's own program: its card reader, its sound, and its side of the wire."""
