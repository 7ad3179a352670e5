"""Stores: one module per stage; each reads and writes records through the blocks of its query file."""
