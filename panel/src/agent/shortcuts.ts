/** Keys that work on every page, also while a note is typed. */
export const shortcuts = { answer: 'alt+A', hold: 'alt+H', mute: 'alt+M' } as const;
