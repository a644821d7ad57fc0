"""What is done with what a person types and presses: the one part of the interface that begins and ends sessions."""
