/** Who is signed in. The cookie is the session; this remembers whose it is, and the CSRF token. */
import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react';

import { ApiError, del, get, post, setCsrfToken, whenSignedOut } from '../api/client';
import { preferLanguage } from '../i18n';
import type { Me, Privilege, Session } from '../api/types';

type State =
  | { kind: 'asking' }
  | { kind: 'away'; retry: () => void }
  | { kind: 'out'; expired: boolean }
  | { kind: 'in'; user: Me };

interface SessionValue {
  state: State;
  signIn: (username: string, password: string) => Promise<void>;
  signOut: () => Promise<void>;
}

const Context = createContext<SessionValue | null>(null);

export function SessionProvider({ children }: { children: ReactNode }) {
  const [state, setState] = useState<State>({ kind: 'asking' });
  const queries = useQueryClient();

  const ask = useCallback(() => {
    setState({ kind: 'asking' });
    get<Session>('/session').then(
      (session) => {
        setCsrfToken(session.csrf);
        preferLanguage(session.user.language);
        setState({ kind: 'in', user: session.user });
      },
      (error: unknown) => {
        const signedOut = error instanceof ApiError && error.status === 401;
        setState(signedOut ? { kind: 'out', expired: false } : { kind: 'away', retry: ask });
      },
    );
  }, []);

  useEffect(() => {
    whenSignedOut(() => {
      queries.clear();
      setState((before) => ({ kind: 'out', expired: before.kind === 'in' || (before.kind === 'out' && before.expired) }));
    });
    ask();
  }, [ask, queries]);

  const signIn = useCallback(async (username: string, password: string) => {
    const session = await post<Session>('/session', { username, password });
    setCsrfToken(session.csrf);
    preferLanguage(session.user.language);
    setState({ kind: 'in', user: session.user });
  }, []);

  const signOut = useCallback(async () => {
    await del('/session').catch(() => undefined);
    queries.clear();
    setState({ kind: 'out', expired: false });
  }, [queries]);

  const value = useMemo(() => ({ state, signIn, signOut }), [state, signIn, signOut]);
  return <Context value={value}>{children}</Context>;
}

export function useSession(): SessionValue {
  const value = useContext(Context);
  if (!value) throw new Error('useSession outside SessionProvider');
  return value;
}

/** The signed-in user; only inside the shell. */
export function useMe(): Me {
  const { state } = useSession();
  if (state.kind !== 'in') throw new Error('useMe while signed out');
  return state.user;
}

export function may(user: Me, privilege: Privilege): boolean {
  return user.privileges.includes(privilege);
}
