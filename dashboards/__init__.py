"""The managers' door: Streamlit pages behind our own sign-in, as one ASGI app."""
