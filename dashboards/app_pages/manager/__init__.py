"""The pages of a gym: what its manager and staff read and do."""
