"""Recordings over HTTP: lists, playback, download."""
