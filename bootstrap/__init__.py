"""What a fresh machine needs before Centralita can start. Standard library only: nothing is installed yet."""
