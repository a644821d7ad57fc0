"""A session as a document to keep or to send: Markdown, or a page of HTML that needs nothing else."""
