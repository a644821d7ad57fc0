"""The interface as lines that are only ever appended: for screen readers, dumb terminals and pipes."""
