"""A local V4 endpoint for tests, demos and benchmarks, on DeepSeek's own request converter."""
