"""Text the model reads, one Markdown file each."""
