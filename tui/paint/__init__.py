"""How blocks of a transcript look: pure functions from what the state holds to parts that any screen can lay out."""
