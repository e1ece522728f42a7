/** Only one tab of a browser holds the softphone: two would register twice and ring twice. */

const LOCK = 'centralita.softphone';
/** A tab that reloads frees the lock within moments; only then do we say that another tab has it. */
const PATIENCE_MS = 1_500;

export interface TabHold {
  /** Take the softphone away from the other tab. */
  steal(): void;
  release(): void;
}

/** Wait for the softphone's turn. `onHeld` when this tab has it, `onElsewhere` when another one does. */
export function holdSoftphone(onHeld: () => void, onElsewhere: () => void): TabHold {
  if (!navigator.locks) {
    onHeld();
    return { steal() {}, release() {} };
  }
  let over = false;
  let free: (() => void) | null = null;
  const patience = window.setTimeout(onElsewhere, PATIENCE_MS);
  const held = () => {
    window.clearTimeout(patience);
    if (over) return undefined;
    onHeld();
    return new Promise<void>((resolve) => {
      free = resolve;
    });
  };
  const ask = (options: LockOptions) => {
    navigator.locks.request(LOCK, options, held).catch(() => {
      free = null;
      if (over) return;
      onElsewhere(); // another tab stole it; queue behind it
      ask({});
    });
  };
  ask({});
  return {
    steal: () => ask({ steal: true }),
    release() {
      over = true;
      window.clearTimeout(patience);
      free?.();
    },
  };
}
