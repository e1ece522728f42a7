/** The player's waveform: wavesurfer, loaded only where a recording is opened. */
import type WaveSurfer from 'wavesurfer.js';

import { get, query } from '../api/client';
import type { Recording } from '../api/types';

const POINTS = 800;

/**
 * Draw a recording into `container`, customer above and agent below. Only the outline is fetched: the sound itself
 * (which is audited) comes when somebody plays it.
 */
export async function drawWaveform(container: HTMLElement, recording: Recording): Promise<WaveSurfer> {
  const path = `/recordings/${encodeURIComponent(recording.id)}`;
  const [{ default: Wave }, peaks] = await Promise.all([
    import('wavesurfer.js'),
    get<number[][]>(`${path}/peaks${query({ points: POINTS })}`),
  ]);
  const media = new Audio();
  media.preload = 'none';
  const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const wave = Wave.create({
    container,
    media,
    url: `/api/v1${path}/audio`,
    peaks,
    duration: recording.length_s,
    height: 48,
    normalize: true,
    barWidth: 2,
    barGap: 1,
    barRadius: 2,
    cursorColor: colour('--mantine-color-red-6'),
    splitChannels: [
      { waveColor: colour('--mantine-color-orange-4'), progressColor: colour('--mantine-color-orange-7') },
      { waveColor: colour('--mantine-color-petrol-3'), progressColor: colour('--mantine-color-petrol-7') },
    ],
  });
  adoptStyles(wave.getWrapper().getRootNode());
  return wave;
}

/** wavesurfer styles itself by a <style> element, which our content security policy refuses: hand it over as a sheet. */
function adoptStyles(root: Node): void {
  if (!(root instanceof ShadowRoot)) return;
  const css = root.querySelector('style')?.textContent ?? '';
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
}
