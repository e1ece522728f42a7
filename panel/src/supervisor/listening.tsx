/** Which call the supervisor's own phone is in. The centre rings the phone; it is answered by itself. */
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from 'react';

import { del, post, put } from '../api/client';
import { useLive } from '../api/events';
import type { ListenMode } from '../api/types';
import { attempt, showError } from '../app/feedback';
import { useSoftphone } from '../softphone/context';

export interface Listening {
  id: string;
  mode: ListenMode;
}

interface ListeningValue {
  listening: Listening | null;
  busy: boolean;
  /** Begin, or change the mode of the call already listened to. */
  listen: (id: string, mode: ListenMode) => Promise<void>;
  stop: () => Promise<void>;
  takeOver: (id: string) => Promise<boolean>;
}

const Context = createContext<ListeningValue | null>(null);

export function ListeningProvider({ children }: { children: ReactNode }) {
  const { state } = useSoftphone();
  const [listening, setListening] = useState<Listening | null>(null);
  const [busy, setBusy] = useState(false);
  const over = useLive((live) => live.known && listening !== null && live.interactions[listening.id]?.stage !== 'talking');
  const inCall = state.call !== null;
  const wasInCall = useRef(false);

  useEffect(() => {
    // The telephone left the call, or the call ended: either way there is nothing to hear.
    if (over || (wasInCall.current && !inCall)) setListening(null);
    wasInCall.current = inCall;
  }, [over, inCall]);

  const guarded = useCallback(async (work: () => Promise<void>): Promise<boolean> => {
    setBusy(true);
    try {
      await work();
      return true;
    } catch (error) {
      showError(error);
      return false;
    } finally {
      setBusy(false);
    }
  }, []);

  const listen = useCallback(async (id: string, mode: ListenMode) => {
    await guarded(async () => {
      if (listening?.id === id) await put(path(id), { mode });
      else {
        if (listening) await del(path(listening.id));
        await post(path(id), { mode });
      }
      setListening({ id, mode });
    });
  }, [guarded, listening]);

  const stop = useCallback(async () => {
    if (listening) await attempt(del(path(listening.id)));
    setListening(null);
  }, [listening]);

  const takeOver = useCallback((id: string) => guarded(async () => {
    await post(`/calls/${encodeURIComponent(id)}/take-over`);
    setListening(null);
  }), [guarded]);

  const value = useMemo(() => ({ listening, busy, listen, stop, takeOver }), [listening, busy, listen, stop, takeOver]);
  return <Context value={value}>{children}</Context>;
}

export function useListening(): ListeningValue {
  const value = useContext(Context);
  if (!value) throw new Error('useListening outside ListeningProvider');
  return value;
}

const path = (id: string) => `/calls/${encodeURIComponent(id)}/listen`;
