"""Everything that listens: recording, the vault that keeps it, and supervisors' listening."""
