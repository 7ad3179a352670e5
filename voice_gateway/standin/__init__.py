"""A Realtime provider of our own: speaks the OpenAI GA protocol for demos, tests and load when no API key is set."""
