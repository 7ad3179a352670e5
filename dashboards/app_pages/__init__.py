"""One folder per role; each page is scope, choices, query, figures, place."""
