"""What a session did to the tree, to be looked at, kept or taken back."""
