"""What the interface shows: one value, made by `reducer.reduce` of what is published, without terminal or clock."""
