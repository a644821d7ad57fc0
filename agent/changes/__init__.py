"""What a session did to the person's tree: looked at, kept, or taken back, in whole or in parts."""
