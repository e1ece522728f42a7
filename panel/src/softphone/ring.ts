/** The ring: two soft tones made in the browser, so that no sound file is needed. */

const CYCLE_S = 2.4;

let context: AudioContext | null = null;
let stopRinging: (() => void) | null = null;

/** Browsers let a page sound only after the person touched it: make the context ready on the first touch. */
export function readyOnFirstTouch(): void {
  const ready = () => {
    context ??= new AudioContext();
    void context.resume();
  };
  window.addEventListener('pointerdown', ready, { once: true });
  window.addEventListener('keydown', ready, { once: true });
}

export function startRing(): void {
  if (stopRinging) return;
  context ??= new AudioContext();
  const audio = context;
  void audio.resume();
  const once = () => {
    if (audio.state === 'running') ringOnce(audio);
  };
  once();
  const cycle = window.setInterval(once, CYCLE_S * 1000);
  stopRinging = () => window.clearInterval(cycle);
}

export function stopRing(): void {
  stopRinging?.();
  stopRinging = null;
}

function ringOnce(audio: AudioContext): void {
  for (const [index, hertz] of [659, 784, 659, 784].entries()) {
    const from = audio.currentTime + index * 0.18;
    const oscillator = new OscillatorNode(audio, { type: 'sine', frequency: hertz });
    const gain = new GainNode(audio, { gain: 0 });
    gain.gain.linearRampToValueAtTime(0.0001, from);
    gain.gain.linearRampToValueAtTime(0.16, from + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, from + 0.17);
    oscillator.connect(gain).connect(audio.destination);
    oscillator.start(from);
    oscillator.stop(from + 0.18);
  }
}
