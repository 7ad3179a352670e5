"""The two protocols of the gateway, pure: ours with kiosks, OpenAI's with the upstream."""
