"""The pages of who runs the network and the machine: what it costs, how it does."""
