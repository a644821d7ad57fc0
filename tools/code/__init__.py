"""Code as symbols and references: tree-sitter, the index, the ranked map of a repository."""
