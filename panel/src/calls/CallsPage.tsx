/** Closed contacts: everybody's for a supervisor, one's own for an agent. */
import { Anchor, Badge, Loader, Table, Text, Title } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { IconPhoneIncoming, IconPhoneOutgoing } from '@tabler/icons-react';
import { Link } from 'react-router';

import { may, useMe } from '../access/session';
import { get, query } from '../api/client';
import type { Interaction, Page } from '../api/types';
import { customerNumber, customerTitle } from '../app/contact';
import { errorText } from '../app/feedback';
import { Filters, filterQuery, Pages, useFilter } from '../app/Filters';
import listStyles from '../app/Filters.module.css';
import { useNames, useQueueLabel } from '../app/queries';
import { dateTime, duration, secondsSince } from '../app/time';

export function CallsPage() {
  const { t } = useTranslation();
  const everybody = may(useMe(), 'all_calls');
  const { filter, used, set } = useFilter();
  const wanted = { state: 'closed', ...filterQuery(filter) };
  const list = useQuery({
    queryKey: ['calls', wanted],
    queryFn: () => get<Page<Interaction>>(`/calls${query(wanted)}`),
    placeholderData: keepPreviousData,
  });
  const items = list.data?.items ?? [];
  return (
    <section className={`surface ${listStyles.list}`}>
      <Title order={1} size="h4">{t(everybody ? 'calls.title' : 'calls.mine')}</Title>
      <Filters withAgent={everybody} />
      {list.isPending && <Loader size="sm" aria-label={t('app.loading')} />}
      {list.isError && <Text c="red" role="alert">{errorText(list.error)}</Text>}
      {list.isSuccess && items.length === 0 && <Text c="dimmed">{t(used ? 'calls.nothing' : 'calls.none_yet')}</Text>}
      {items.length > 0 && (
        <div className="table-scroll">
          <Table verticalSpacing={6} highlightOnHover data-testid="calls">
            <Headings />
            <Table.Tbody>
              {items.map((one) => <CallRow key={one.id} interaction={one} />)}
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
        <Table.Th ta="right">{t('calls.waited')}</Table.Th>
        <Table.Th ta="right">{t('calls.length')}</Table.Th>
        <Table.Th>{t('calls.result')}</Table.Th>
        <Table.Th>{t('calls.disposition')}</Table.Th>
      </Table.Tr>
    </Table.Thead>
  );
}

function CallRow({ interaction }: { interaction: Interaction }) {
  const { t, i18n } = useTranslation();
  const names = useNames();
  const queueLabel = useQueueLabel();
  const { ended_at, accepted_at, queued_at, opened_at } = interaction;
  const end = ended_at ? Date.parse(ended_at) : 0;
  const Direction = interaction.direction === 'outbound' ? IconPhoneOutgoing : IconPhoneIncoming;
  const waitedUntil = accepted_at ? Date.parse(accepted_at) : end;
  return (
    <Table.Tr data-testid={`call-${interaction.id}`}>
      <Table.Td className="num"><Anchor component={Link} to={`/calls/${interaction.id}`} size="sm">{dateTime(opened_at, i18n.language)}</Anchor></Table.Td>
      <Table.Td>
        <Text size="sm" fw={550} className="num">
          <Direction size={14} aria-label={t(`call.${interaction.direction}`)} style={{ marginInlineEnd: 6 }} />
          {customerTitle(interaction, t('call.unknown'))}
        </Text>
        {interaction.contact_name && <Text size="xs" c="dimmed" className="num">{customerNumber(interaction)}</Text>}
      </Table.Td>
      <Table.Td>{queueLabel(interaction)}</Table.Td>
      <Table.Td>{names.agent(interaction.agent)}</Table.Td>
      <Table.Td ta="right" className="num">{queued_at ? duration(secondsSince(queued_at, waitedUntil)) : '–'}</Table.Td>
      <Table.Td ta="right" className="num">{accepted_at ? duration(secondsSince(accepted_at, end)) : '–'}</Table.Td>
      <Table.Td>{interaction.end_reason ? t(`end_reason.${interaction.end_reason}`) : ''}</Table.Td>
      <Table.Td>
        {interaction.disposition && <Badge variant="light" color="gray">{names.disposition(interaction.disposition)}</Badge>}
      </Table.Td>
    </Table.Tr>
  );
}
