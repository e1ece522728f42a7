"""An Asterisk that has just been started answers before it can do everything."""

from __future__ import annotations

import asyncio

from ari_apps.ari import AriClient, AriError
from voice_core.errors import UnavailableError

LAST_MODULES = ("res_pjsip.so", "chan_pjsip.so", "pbx_config.so", "res_stasis_device_state.so")
LOOK_EVERY_S = 0.05


async def booted(ari: AriClient) -> None:
    """Raises UnavailableError while modules are still being loaded."""
    modules = {module.name: module.status for module in await ari.asterisk.list_modules()}
    if any(modules.get(name) != "Running" for name in LAST_MODULES):
        raise UnavailableError("it is still starting")


async def until_booted(ari: AriClient) -> None:
    """Wait for it, however often it comes and goes meanwhile."""
    while True:
        await ari.arrived()
        try:
            await booted(ari)
        except (AriError, UnavailableError):
            await asyncio.sleep(LOOK_EVERY_S)
        else:
            return
