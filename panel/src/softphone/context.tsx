/** One softphone for the whole panel: it outlives every page change. */
import { useQuery } from '@tanstack/react-query';
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';

import { get } from '../api/client';
import type { SoftphoneAccount } from '../api/types';
import { holdSoftphone, type TabHold } from './one_tab';
import { phoneOff, type PhoneState, Softphone } from './phone';

interface SoftphoneValue {
  phone: Softphone;
  state: PhoneState;
  /** Move the softphone from another tab to this one. */
  useHere: () => void;
}

const Context = createContext<SoftphoneValue | null>(null);

export function SoftphoneProvider({ enabled, children }: { enabled: boolean; children: ReactNode }) {
  const [phone] = useState(() => new Softphone());
  const [turn, setTurn] = useState<'waiting' | 'held' | 'elsewhere'>('waiting');
  const hold = useRef<TabHold | null>(null);
  const state = useSyncExternalStore(phone.watch, phone.current, () => phoneOff);
  const account = useQuery({
    queryKey: ['softphone'],
    queryFn: () => get<SoftphoneAccount>('/me/softphone'),
    enabled: enabled && turn === 'held',
    staleTime: Infinity,
    retry: 5,
  });

  useEffect(() => {
    if (!enabled) return undefined;
    hold.current = holdSoftphone(
      () => setTurn('held'),
      () => setTurn('elsewhere'),
    );
    return () => hold.current?.release();
  }, [enabled]);

  useEffect(() => {
    if (turn === 'elsewhere') phone.stop('elsewhere');
    if (turn !== 'held' || !account.data) return undefined;
    void phone.start(account.data);
    return () => phone.stop();
  }, [phone, turn, account.data]);

  const useHere = useCallback(() => hold.current?.steal(), []);
  const value = useMemo(() => ({ phone, state, useHere }), [phone, state, useHere]);
  return (
    <Context value={value}>
      {children}
      <audio ref={(element) => phone.useAudio(element)} autoPlay data-testid="remote-audio" />
    </Context>
  );
}

export function useSoftphone(): SoftphoneValue {
  const value = useContext(Context);
  if (!value) throw new Error('useSoftphone outside SoftphoneProvider');
  return value;
}
