/** What is known about the customer: the menu's answers, and the earlier contacts with this number. */
import { Anchor, Badge, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';

import { get, query } from '../api/client';
import type { Interaction, Page } from '../api/types';
import { customerNumber, dataRows } from '../app/contact';
import { useNames } from '../app/queries';
import { dateTime } from '../app/time';
import styles from './agent.module.css';

export function CustomerData({ interaction }: { interaction: Interaction }) {
  const { t, i18n } = useTranslation();
  const rows = dataRows(interaction.data, i18n.language);
  return (
    <dl className={styles.data} data-testid="customer-data">
      {interaction.to_address && interaction.direction === 'inbound' && (
        <div><dt>{t('call.dialled')}</dt><dd className="num">{interaction.to_address}</dd></div>
      )}
      {rows.map(([key, value]) => (
        <div key={key}><dt>{key}</dt><dd>{value}</dd></div>
      ))}
    </dl>
  );
}

export function CustomerHistory({ interaction }: { interaction: Interaction }) {
  const { t, i18n } = useTranslation();
  const names = useNames();
  const number = customerNumber(interaction);
  const earlier = useQuery({
    queryKey: ['calls', 'history', number],
    queryFn: () => get<Page<Interaction>>(`/calls${query({ state: 'closed', text: number, page_size: 5 })}`),
    enabled: number !== '',
    staleTime: 60_000,
  });
  const items = (earlier.data?.items ?? []).filter((one) => one.id !== interaction.id);
  return (
    <section className={`surface ${styles.side}`}>
      <Title order={3} size="h6">{t('call.history')}</Title>
      {earlier.isSuccess && items.length === 0 && <Text size="sm" c="dimmed" mt={4}>{t('call.no_history')}</Text>}
      {items.map((one) => (
        <div key={one.id} className={styles.past}>
          <Anchor component={Link} to={`/calls/${one.id}`} size="sm">{dateTime(one.opened_at, i18n.language)}</Anchor>
          <Text size="sm" c="dimmed" truncate>{[names.queue(one.queue), names.agent(one.agent)].filter(Boolean).join(' · ')}</Text>
          {one.disposition && <Badge variant="light" color="gray">{names.disposition(one.disposition)}</Badge>}
        </div>
      ))}
    </section>
  );
}
