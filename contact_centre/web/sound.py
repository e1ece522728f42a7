"""A WAV file as an answer: ranges are served, and nothing about it can be run."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from contact_centre.web.guard import add_headers


def sound(request: web.Request, path: Path, name: str, *, download: bool = False) -> web.StreamResponse:
    """`name` is an id: letters, digits, dot, underscore and hyphen."""
    response = web.FileResponse(path)
    response.content_type = "audio/wav"
    how = "attachment" if download else "inline"
    response.headers["Content-Disposition"] = f'{how}; filename="{name}.wav"'
    add_headers(request, response)
    return response
