"""The kiosks' door: holds a member's voice session between a kiosk and a Realtime provider, and loses none of it."""
