"""Signing in, and one's own account: plain pages without a script, none of which passes through Streamlit."""
