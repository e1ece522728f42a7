"""The panel's built files. Any other path gets `index.html`: the panel routes inside itself."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from contact_centre.sentences import say
from contact_centre.web.ask import language_of
from contact_centre.web.guard import add_headers

_FOREVER = "public, max-age=31536000, immutable"  # names under assets/ carry a hash of their content


class Panel:
    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/{path:.*}", self._serve)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        file = self._find(path)
        if file is None:
            if path.startswith("assets/"):
                raise web.HTTPNotFound
            file = self._folder / "index.html"
        if not file.is_file():
            language = language_of(request.headers.get("Accept-Language", ""))
            return web.Response(text=say("not_built", language), status=503)
        response = web.FileResponse(file)
        response.headers["Cache-Control"] = _FOREVER if path.startswith("assets/") else "no-cache"
        add_headers(request, response)
        return response

    def _find(self, path: str) -> Path | None:
        """A file below the folder, wherever `..` and links may point."""
        if not path or "\0" in path or "\\" in path:
            return None
        file = (self._folder / path).resolve()
        return file if file.is_relative_to(self._folder) and file.is_file() else None
