"""The HTTP and WebSocket API, and the panel's files."""
