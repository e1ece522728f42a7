"""What `/health` asks of each part: does it answer, now?"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from contact_centre.ports import Telephone
from contact_centre.web.health import Check
from voice_core.router import Router

ROUTER_ALIVE_S = 5.0  # without a round for so long, the router is not well


def checks_of(engine: AsyncEngine, router: Router, telephone: Telephone | None) -> Mapping[str, Check]:
    """asterisk, database, router; of several Asterisks, each by its name. Without a telephone (None) there is none."""

    async def asterisk() -> bool:
        return telephone is not None and telephone.connected

    async def routing() -> bool:
        now = asyncio.get_running_loop().time()
        return router.last_round is not None and now - router.last_round < ROUTER_ALIVE_S

    checks: dict[str, Check] = {"asterisk": asterisk, "database": database_answers(engine), "router": routing}
    if telephone is not None and len(telephone.nodes) > 1:
        checks |= {name: _is_there(telephone, name) for name in telephone.nodes}
    return checks


def database_answers(engine: AsyncEngine) -> Check:
    async def database() -> bool:
        async with engine.connect() as connection:
            return bool((await connection.execute(text("SELECT 1"))).scalar_one() == 1)

    return database


def _is_there(telephone: Telephone, node: str) -> Check:
    async def there() -> bool:
        return telephone.nodes[node]

    return there
