"""The tools: what the model can do, and the machinery below it. Knows no model, no session, no screen."""
