import { Badge, Group, RingProgress, Table, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { Live } from '../api/live';
import { useNow } from '../app/clock';
import { labelText } from '../app/contact';
import { duration, percent, secondsSince } from '../app/time';
import { earliest, isWaiting } from './room';
import styles from './supervisor.module.css';

export function QueueTable({ live }: { live: Pick<Live, 'queues' | 'interactions'> }) {
  const { t, i18n } = useTranslation();
  const now = useNow();
  const queues = Object.values(live.queues).sort((a, b) => a.name.localeCompare(b.name));
  return (
    <section className={`surface ${styles.section}`}>
      <Title order={2} size="h5">{t('live.queues')}</Title>
      {queues.length === 0 ? <Text c="dimmed" size="sm">{t('live.no_queues')}</Text> : (
        <div className="table-scroll">
          <Table verticalSpacing={6} data-testid="queues">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('live.queue')}</Table.Th>
                <Table.Th ta="right">{t('live.waiting')}</Table.Th>
                <Table.Th ta="right">{t('live.longest')}</Table.Th>
                <Table.Th ta="right">{t('live.available')}</Table.Th>
                <Table.Th ta="right">{t('live.service_level')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {queues.map((queue) => {
                const waiting = Object.values(live.interactions).filter(
                  (one) => one.queue === queue.name && isWaiting(one),
                );
                const since = earliest(waiting);
                return (
                  <Table.Tr key={queue.name} data-testid={`queue-${queue.name}`}>
                    <Table.Td fw={550}>{labelText(queue.label, i18n.language) || queue.name}</Table.Td>
                    <Table.Td ta="right" className="num">
                      {waiting.length > 0 ? <Badge color="orange" variant="light">{waiting.length}</Badge> : 0}
                    </Table.Td>
                    <Table.Td ta="right" className="num">{since ? duration(secondsSince(since, now)) : '–'}</Table.Td>
                    <Table.Td ta="right" className="num">{queue.agents_available}</Table.Td>
                    <Table.Td ta="right" className="num"><ServiceLevel share={queue.service_level} /></Table.Td>
                  </Table.Tr>
                );
              })}
            </Table.Tbody>
          </Table>
        </div>
      )}
    </section>
  );
}

/** The share of today's contacts answered in time, as a ring beside its figure. */
function ServiceLevel({ share }: { share: number | null }) {
  if (share === null) return <>–</>;
  const color = share >= 0.8 ? 'teal' : share >= 0.6 ? 'yellow' : 'red';
  return (
    <Group gap={6} justify="flex-end" wrap="nowrap">
      <RingProgress size={24} thickness={4} sections={[{ value: 100 * share, color }]} aria-hidden />
      {percent(share)}
    </Group>
  );
}
