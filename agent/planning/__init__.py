"""Who does the work and how it is proven."""
