"""The panel in a real Chromium: clicks as a person clicks, and measures what its loudspeaker would play."""

from __future__ import annotations

import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
from playwright.async_api import Browser, Locator, Page, Playwright

from tests.certificates import NAME
from tests.instance import PASSWORD, Instance

CHROMIUM = "/usr/bin/chromium"
MICROPHONE_TONE = 620
CLICK_TIMEOUT_MS = 10_000
_RATE = 48_000

# Finds `frequency` in what the page's loudspeaker gets: its level must stand out of the spectrum around it.
_HEARS = """
async ({frequency, within_ms}) => {
  const audio = document.querySelector('[data-testid="remote-audio"]');
  const deadline = performance.now() + within_ms;
  let context, analyser, stream, best = -Infinity;
  try {
    while (performance.now() < deadline) {
      if (audio && audio.srcObject && audio.srcObject !== stream && audio.srcObject.getAudioTracks().length) {
        if (context) await context.close();
        stream = audio.srcObject;
        context = new AudioContext({sampleRate: 16000});
        analyser = new AnalyserNode(context, {fftSize: 4096, smoothingTimeConstant: 0});
        context.createMediaStreamSource(stream).connect(analyser);
      }
      await new Promise((done) => setTimeout(done, 50));
      if (!analyser) continue;
      const levels = new Float32Array(analyser.frequencyBinCount);
      analyser.getFloatFrequencyData(levels);
      const at = Math.round(frequency * 4096 / 16000);
      const here = Math.max(...levels.slice(at - 2, at + 3));
      const near = [...levels.slice(at - 60, at - 12), ...levels.slice(at + 12, at + 60)].sort((a, b) => a - b);
      best = Math.max(best, here - near[near.length >> 1]);
      if (here > -70 && here - near[near.length >> 1] > 20) return {heard: true, best};
    }
    return {heard: false, best};
  } finally {
    if (context) await context.close();
  }
}
"""


def write_microphone(path: Path) -> Path:
    """What the fake microphone says: a tone in pulses, since browsers filter a steady one out as noise."""
    at = np.arange(_RATE * 2) / _RATE
    pulses = (at % 0.5) < 0.3
    samples = (9000 * np.sin(2 * np.pi * MICROPHONE_TONE * at) * pulses).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(samples.tobytes())
    return path


def switches(microphone: Path) -> list[str]:
    """A microphone that plays a file, and real addresses in its offers: we are on loopback."""
    return [
        "--no-sandbox",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone}",
        "--allow-loopback-in-peer-connection",
        "--disable-features=WebRtcHideLocalIpsWithMdns",
        f"--host-resolver-rules=MAP {NAME} 127.0.0.1",
        "--autoplay-policy=no-user-gesture-required",
    ]


async def launch(playwright: Playwright, microphone: Path) -> Browser:
    return await playwright.chromium.launch(executable_path=CHROMIUM, args=switches(microphone))


class Panel:
    """One person's browser window."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def part(self, name: str) -> Locator:
        return self.page.get_by_test_id(name)

    async def click(self, name: str) -> None:
        await self.part(name).click(timeout=CLICK_TIMEOUT_MS)

    async def shows(self, name: str, timeout_s: float = 10.0) -> Locator:
        part = self.part(name)
        await part.first.wait_for(state="visible", timeout=timeout_s * 1000)
        return part

    async def sign_in(self, instance: Instance, user: str, *, with_phone: bool = True) -> None:
        """Through the form, then until the softphone is registered; not everybody has one."""
        await self.page.goto(instance.url)
        await self.part("sign-in-user").fill(user)
        await self.part("sign-in-password").fill(PASSWORD)
        await self.click("sign-in-submit")
        await self.shows("user-menu")
        if with_phone:
            await self.phone_is_ready()

    async def phone_is_ready(self) -> None:
        ready = self.page.locator('[data-testid="softphone-status"][data-state="registered"]')
        await ready.wait_for(timeout=15_000)

    async def hears(self, frequency: float, within_s: float = 6.0) -> None:
        found = await self.page.evaluate(_HEARS, {"frequency": frequency, "within_ms": within_s * 1000})
        assert found["heard"], f"{frequency} Hz did not reach the loudspeaker: {found}"


@asynccontextmanager
async def panel(
    browser: Browser, instance: Instance, user: str, *, with_phone: bool = True
) -> AsyncIterator[Panel]:
    """`user` in a window of their own; whatever the page threw fails the test."""
    context = await browser.new_context(
        permissions=["microphone", "notifications"],
        locale="es-EC",
        viewport={"width": 1280, "height": 720},
        ignore_https_errors=True,  # the tests' authority is nobody's
    )
    try:
        window = Panel(await context.new_page())
        await window.sign_in(instance, user, with_phone=with_phone)
        yield window
        assert window.complaints == []
    finally:
        await context.close()
