"""The pages of who has several gyms: the network at a glance, and what it costs."""
