/** One contact, whole: what it was, what was said, and every step of it with its time. */
import { Anchor, Badge, Center, Group, Loader, Text, Title } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams } from 'react-router';

import { may, useMe } from '../access/session';
import { get } from '../api/client';
import { useLive } from '../api/events';
import type { CallDetail, Interaction, Recording } from '../api/types';
import { customerNumber, customerTitle, dataRows } from '../app/contact';
import { errorText } from '../app/feedback';
import { useNames, useQueueLabel } from '../app/queries';
import { stageColor } from '../app/theme';
import { dateTime } from '../app/time';
import styles from './calls.module.css';
import { Ledger } from './Ledger';

const RecordingPlayer = lazy(() =>
  import('../supervisor/RecordingPlayer').then((module) => ({ default: module.RecordingPlayer })),
);

export function CallPage() {
  const { t } = useTranslation();
  const { id = '' } = useParams();
  const navigate = useNavigate();
  const version = useLive((live) => live.interactions[id]?.version ?? 0);
  const call = useQuery({
    queryKey: ['calls', 'detail', id, version], // anew with each change while the contact is live
    queryFn: () => get<CallDetail>(`/calls/${encodeURIComponent(id)}`),
    placeholderData: (before) => (before?.interaction.id === id ? before : undefined),
  });
  if (call.isError) return <Center p="xl"><Text c="red" role="alert">{errorText(call.error)}</Text></Center>;
  if (!call.data) return <Center p="xl"><Loader aria-label={t('app.loading')} /></Center>;
  const { interaction, entries, recordings } = call.data;
  return (
    <div className={styles.detail}>
      <div className={styles.column}>
        <section className={`surface ${styles.section}`}>
          <Anchor component="button" size="sm" onClick={() => navigate(-1)}>
            <Group gap={4}><IconArrowLeft size={15} />{t('app.back')}</Group>
          </Anchor>
          <Group justify="space-between" mt={4}>
            <Title order={1} size="h3">{customerTitle(interaction, t('call.unknown'))}</Title>
            <Badge variant="light" color={stageColor[interaction.stage]}>{t(`stage.${interaction.stage}`)}</Badge>
          </Group>
          <Summary interaction={interaction} />
        </section>
        <Recordings recordings={recordings} />
      </div>
      <section className={`surface ${styles.section}`}>
        <Title order={2} size="h5" mb="sm">{t('detail.timeline')}</Title>
        <Ledger entries={entries} />
      </section>
    </div>
  );
}

function Summary({ interaction }: { interaction: Interaction }) {
  const { t, i18n } = useTranslation();
  const names = useNames();
  const queueLabel = useQueueLabel();
  const rows: [string, ReactNode][] = [
    [t('call.number'), customerNumber(interaction)],
    [t('calls.direction'), t(`call.${interaction.direction}`)],
    [t('call.dialled'), interaction.to_address],
    [t('calls.queue'), queueLabel(interaction)],
    [t('calls.agent'), names.agent(interaction.agent)],
    [t('detail.opened'), dateTime(interaction.opened_at, i18n.language)],
    [t('detail.ended'), dateTime(interaction.ended_at, i18n.language)],
    [t('detail.how'), interaction.end_reason ? t(`end_reason.${interaction.end_reason}`) : ''],
    [t('calls.disposition'), names.disposition(interaction.disposition)],
    [t('detail.parent'), interaction.parent_id && <Anchor key="parent" component={Link} to={`/calls/${interaction.parent_id}`} size="sm">{interaction.parent_id}</Anchor>],
    ...dataRows(interaction.data, i18n.language),
    [t('detail.node'), interaction.node],
    [t('detail.id'), <span key="id" className={styles.id}>{interaction.id}</span>],
  ];
  return (
    <dl className={styles.summary}>
      {rows.filter(([, value]) => value).map(([name, value]) => (
        <div key={name}><dt>{name}</dt><dd>{value}</dd></div>
      ))}
    </dl>
  );
}

function Recordings({ recordings }: { recordings: Recording[] }) {
  const { t } = useTranslation();
  const mayListen = may(useMe(), 'recordings');
  return (
    <section className={`surface ${styles.section}`}>
      <Title order={2} size="h5">{t('detail.recordings')}</Title>
      {recordings.length === 0 && <Text size="sm" c="dimmed">{t('detail.no_recordings')}</Text>}
      {recordings.map((one) => {
        const playable = one.state === 'stored' || one.state === 'cut_off';
        return mayListen && playable ? (
          <Suspense key={one.id} fallback={<Loader size="sm" />}><RecordingPlayer recording={one} /></Suspense>
        ) : (
          <Text key={one.id} size="sm" c="dimmed">{t(`recording_state.${one.state}`, { defaultValue: one.state })}</Text>
        );
      })}
    </section>
  );
}
