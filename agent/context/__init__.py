"""What the model is sent: the transcript and what fills it."""
