"""An institution's own systems: described in YAML, asked over HTTP with every wait bounded, simulated from examples."""
