"""What the person has set, and where: files, environment, flags; the keys that they let Leadline keep."""
