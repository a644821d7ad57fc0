"""What is known of file contents, kept in one SQLite file: made in child processes, brought up to date, asked."""
