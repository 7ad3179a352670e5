"""The gateway's addresses: kiosks' HTTP calls, the Realtime websocket, health and metrics."""
