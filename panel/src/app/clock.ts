/** The passing of time on screen: one tick a second for everybody who shows a timer. */
import { useSyncExternalStore } from 'react';

import { serverNow } from '../api/client';

const watchers = new Set<() => void>();
let now = serverNow();
let ticking: number | undefined;

/** The server's time in milliseconds, anew each second. */
export function useNow(): number {
  return useSyncExternalStore(watch, () => now);
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  if (watchers.size === 1) {
    now = serverNow();
    ticking = window.setInterval(tick, 1000);
  }
  return () => {
    watchers.delete(watcher);
    if (watchers.size === 0) window.clearInterval(ticking);
  };
}

function tick(): void {
  now = serverNow();
  for (const watcher of watchers) watcher();
}
