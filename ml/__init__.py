"""Pure models: conversations in, labels out. No database, no web, no clock; `ml` imports only `jarvis`."""
