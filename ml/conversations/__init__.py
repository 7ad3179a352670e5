"""Everything said of a conversation: engines behind one Protocol, their training and their measurement."""
