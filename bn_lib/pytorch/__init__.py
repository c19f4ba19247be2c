"""The norms again as torch modules; models, and what to do with them at inference."""
