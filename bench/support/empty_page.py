"""The least a Streamlit page can be: what `bench/dashboard` compares ours with."""

import streamlit as st

st.title("Vide")
