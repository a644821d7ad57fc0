"""Where a person types: tasks, words to agents, commands and shell lines."""
