"""The live room: who is doing what now, and an agent's own work."""
