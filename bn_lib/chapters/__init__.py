"""One folder a chapter: its experiments, claims, figures and exercises."""
