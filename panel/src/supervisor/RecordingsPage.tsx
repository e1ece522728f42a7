import { Anchor, Badge, Button, Loader, Table, Text, Title } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { IconPlayerPlay } from '@tabler/icons-react';
import { Fragment, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';

import { get, query } from '../api/client';
import type { Page, Recording } from '../api/types';
import { Filters, filterQuery, Pages, useFilter } from '../app/Filters';
import listStyles from '../app/Filters.module.css';
import { errorText } from '../app/feedback';
import { useNames } from '../app/queries';
import { dateTime, duration } from '../app/time';
import { RecordingPlayer } from './RecordingPlayer';

export function RecordingsPage() {
  const { t } = useTranslation();
  const { filter, used, set } = useFilter();
  const [open, setOpen] = useState<string | null>(null);
  const wanted = filterQuery(filter);
  const list = useQuery({
    queryKey: ['recordings', wanted],
    queryFn: () => get<Page<Recording>>(`/recordings${query(wanted)}`),
    placeholderData: keepPreviousData,
  });
  const items = list.data?.items ?? [];
  return (
    <section className={`surface ${listStyles.list}`}>
      <div>
        <Title order={1} size="h4">{t('recordings.title')}</Title>
        <Text size="xs" c="dimmed">{t('recordings.audited')}</Text>
      </div>
      <Filters withAgent />
      {list.isPending && <Loader size="sm" aria-label={t('app.loading')} />}
      {list.isError && <Text c="red" role="alert">{errorText(list.error)}</Text>}
      {list.isSuccess && items.length === 0 && <Text c="dimmed">{t(used ? 'recordings.nothing' : 'recordings.none_yet')}</Text>}
      {items.length > 0 && (
        <div className="table-scroll">
          <Table verticalSpacing={6} data-testid="recordings">
            <Headings />
            <Table.Tbody>
              {items.map((one) => (
                <Fragment key={one.id}>
                  <RecordingRow recording={one} open={open === one.id} onOpen={() => setOpen(open === one.id ? null : one.id)} />
                  {open === one.id && (
                    <Table.Tr>
                      <Table.Td colSpan={7} p={0}><RecordingPlayer recording={one} /></Table.Td>
                    </Table.Tr>
                  )}
                </Fragment>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
      {list.data && <Pages total={list.data.total} page={filter.page} onChange={(page) => set({ page })} />}
    </section>
  );
}

function Headings() {
  const { t } = useTranslation();
  return (
    <Table.Thead>
      <Table.Tr>
        <Table.Th>{t('calls.when')}</Table.Th>
        <Table.Th>{t('calls.customer')}</Table.Th>
        <Table.Th>{t('calls.queue')}</Table.Th>
        <Table.Th>{t('calls.agent')}</Table.Th>
        <Table.Th>{t('calls.disposition')}</Table.Th>
        <Table.Th ta="right">{t('recordings.length')}</Table.Th>
        <Table.Th><span className="sr-only">{t('recordings.play')}</span></Table.Th>
      </Table.Tr>
    </Table.Thead>
  );
}

function RecordingRow({ recording, open, onOpen }: { recording: Recording; open: boolean; onOpen: () => void }) {
  const { t, i18n } = useTranslation();
  const names = useNames();
  const customer = recording.direction === 'outbound' ? recording.to_address : recording.from_address;
  const playable = recording.state === 'stored' || recording.state === 'cut_off';
  return (
    <Table.Tr data-testid={`recording-${recording.id}`}>
      <Table.Td className="num">
        <Anchor component={Link} to={`/calls/${recording.interaction_id}`} size="sm">{dateTime(recording.started_at, i18n.language)}</Anchor>
      </Table.Td>
      <Table.Td className="num">{customer || t('call.unknown')}</Table.Td>
      <Table.Td>{names.queue(recording.queue)}</Table.Td>
      <Table.Td>{names.agent(recording.agent)}</Table.Td>
      <Table.Td>{names.disposition(recording.disposition)}</Table.Td>
      <Table.Td ta="right" className="num">{playable ? duration(recording.length_s) : ''}</Table.Td>
      <Table.Td ta="right">
        {playable ? (
          <Button size="compact-sm" variant={open ? 'filled' : 'light'} aria-expanded={open} onClick={onOpen}
            leftSection={<IconPlayerPlay size={14} />} data-testid="open-recording">
            {t('recordings.play')}
          </Button>
        ) : (
          <Badge color={recording.state === 'running' ? 'blue' : 'red'} variant="light">
            {t(`recording_state.${recording.state}`, { defaultValue: recording.state })}
          </Badge>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
