/** Everything around the pages: navigation, the agent's state, the telephone, the word that the line is down. */
import { Alert, Center, Loader } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import { Component, lazy, type ReactNode, Suspense, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { BrowserRouter, Navigate, Route, Routes, useLocation } from 'react-router';

import { may, useMe } from '../access/session';
import { AgentPage } from '../agent/AgentPage';
import { Dock } from '../agent/Dock';
import { useReattachment } from '../agent/reattachment';
import { useWorkAlerts } from '../agent/alerts';
import { followEvents, useLive } from '../api/events';
import type { Me } from '../api/types';
import { SoftphoneNotices } from '../softphone/Notices';
import { SoftphoneProvider } from '../softphone/context';
import { ListeningBar } from '../supervisor/ListeningBar';
import { ListeningProvider } from '../supervisor/listening';
import { Crash } from './Crash';
import { Navigation, TopBar } from './Bars';
import { useNotices } from './notices';
import { useCentre } from './queries';
import { showZone } from './time';
import styles from './Shell.module.css';

const LivePage = lazy(() => import('../supervisor/LivePage').then((m) => ({ default: m.LivePage })));
const FlowsPage = lazy(() => import('../flows/FlowsPage').then((m) => ({ default: m.FlowsPage })));
const RecordingsPage = lazy(() => import('../supervisor/RecordingsPage').then((m) => ({ default: m.RecordingsPage })));
const CallsPage = lazy(() => import('../calls/CallsPage').then((m) => ({ default: m.CallsPage })));
const CallPage = lazy(() => import('../calls/CallPage').then((m) => ({ default: m.CallPage })));
const UsersPage = lazy(() => import('../admin/UsersPage').then((m) => ({ default: m.UsersPage })));
const AuditPage = lazy(() => import('../admin/AuditPage').then((m) => ({ default: m.AuditPage })));

export function Shell() {
  const me = useMe();
  useEffect(() => followEvents(), []);
  return (
    <BrowserRouter>
      <SoftphoneProvider enabled={may(me, 'own_work')}>
        <ListeningProvider>
          <Frame me={me} />
        </ListeningProvider>
      </SoftphoneProvider>
    </BrowserRouter>
  );
}

function Frame({ me }: { me: Me }) {
  const { t } = useTranslation();
  const connection = useLive((live) => live.connection);
  const zone = useCentre()?.timezone;
  showZone(zone);
  useNotices();
  return (
    <div className={styles.frame}>
      <TopBar me={me} />
      <Navigation me={me} />
      <main className={styles.main}>
        <div className={styles.notices}>
          {connection === 'lost' && (
            <Alert color="red" icon={<IconPlugConnectedX />} role="alert" data-testid="connection-lost" py="xs">
              {t('app.lost')}
            </Alert>
          )}
          {may(me, 'own_work') && <SoftphoneNotices />}
          {may(me, 'listen') && <ListeningBar />}
        </div>
        {may(me, 'own_work') && <AgentWatch me={me} />}
        <PageGuard>
          <Suspense fallback={<Center p="xl"><Loader aria-label={t('app.loading')} /></Center>}>
            <Pages key={zone} me={me} />
          </Suspense>
        </PageGuard>
      </main>
    </div>
  );
}

function Pages({ me }: { me: Me }) {
  const { t } = useTranslation();
  const home = homeOf(me);
  return (
    <Routes>
      {may(me, 'own_work') && <Route path="/desk" element={<AgentPage />} />}
      {may(me, 'live_room') && <Route path="/live" element={<LivePage />} />}
      {may(me, 'own_calls') && <Route path="/calls" element={<CallsPage />} />}
      {may(me, 'own_calls') && <Route path="/calls/:id" element={<CallPage />} />}
      {may(me, 'recordings') && <Route path="/recordings" element={<RecordingsPage />} />}
      {may(me, 'flows') && <Route path="/flows" element={<FlowsPage />} />}
      {may(me, 'users') && <Route path="/users" element={<UsersPage />} />}
      {may(me, 'audit') && <Route path="/audit" element={<AuditPage />} />}
      <Route path="/" element={home ? <Navigate to={home} replace /> : <Center p="xl">{t('access.no_page')}</Center>} />
      <Route path="*" element={<Center p="xl">{t('app.not_found')}</Center>} />
    </Routes>
  );
}

function homeOf(me: Me): string | null {
  if (may(me, 'live_room')) return '/live';
  if (may(me, 'own_work')) return '/desk';
  if (may(me, 'own_calls')) return '/calls';
  return may(me, 'flows') ? '/flows' : null;
}

/** What must go on whatever page an agent looks at: the ring, a call to take back, and the way to it. */
function AgentWatch({ me }: { me: Me }) {
  const { pathname } = useLocation();
  useWorkAlerts(me.username);
  useReattachment(me.username);
  return pathname === '/desk' ? null : <Dock />;
}

/** A page that fails must not take the telephone down with it. */
class PageGuard extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    return this.state.failed ? <Crash onRetry={() => this.setState({ failed: false })} /> : this.props.children;
  }
}
