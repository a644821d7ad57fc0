"""What a session's pane shows, one panel at a time. Each is given the state and tells of wishes by messages."""
