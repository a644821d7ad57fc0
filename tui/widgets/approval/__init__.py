"""What waits for the person's word, above the composer."""
