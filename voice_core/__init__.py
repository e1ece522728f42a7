"""The domain every channel shares: what work is, who may take it, who gets it."""
