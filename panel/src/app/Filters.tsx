/** The filters of the lists of calls and recordings; the address bar keeps them, so that a list can be shared. */
import { Button, Pagination, Select, Text, TextInput } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';

import { useLive } from '../api/events';
import { labelText } from './contact';
import styles from './Filters.module.css';
import { useCentre } from './queries';
import { dayStart } from './time';

export const PAGE_SIZE = 25;

export interface Filter {
  text: string;
  queue: string;
  agent: string;
  from: string;
  to: string;
  page: number;
}

export function useFilter(): { filter: Filter; used: boolean; set: (change: Partial<Filter>) => void; clear: () => void } {
  const [params, setParams] = useSearchParams();
  const text = (name: string) => params.get(name) ?? '';
  const filter: Filter = {
    text: text('text'),
    queue: text('queue'),
    agent: text('agent'),
    from: text('from'),
    to: text('to'),
    page: Math.max(1, Number(text('page')) || 1),
  };
  const set = (change: Partial<Filter>) =>
    setParams((before) => {
      const next = new URLSearchParams(before);
      if (!('page' in change)) next.delete('page');
      for (const [name, value] of Object.entries(change)) {
        if (value) next.set(name, String(value));
        else next.delete(name);
      }
      return next;
    }, { replace: true });
  const used = [filter.text, filter.queue, filter.agent, filter.from, filter.to].some(Boolean);
  return { filter, used, set, clear: () => setParams({}, { replace: true }) };
}

/** As the API wants it: days become instants, "to" includes its whole day. */
export function filterQuery(filter: Filter): Record<string, string | number> {
  return {
    text: filter.text,
    queue: filter.queue,
    agent: filter.agent,
    from: dayStart(filter.from),
    to: dayStart(filter.to, 1),
    page: filter.page,
    page_size: PAGE_SIZE,
  };
}

export function Filters({ withAgent }: { withAgent: boolean }) {
  const { t, i18n } = useTranslation();
  const { filter, used, set, clear } = useFilter();
  const queues = useCentre()?.queues ?? [];
  const agents = useLive((live) => live.agents);
  return (
    <search className={styles.filters}>
      <TextInput label={t('app.search')} placeholder={t('calls.filter_text')} value={filter.text} size="xs"
        data-testid="filter-text" onChange={(event) => set({ text: event.currentTarget.value })} />
      <Select label={t('calls.queue')} placeholder={t('app.all')} clearable size="xs" value={filter.queue || null}
        onChange={(queue) => set({ queue: queue ?? '' })} data-testid="filter-queue"
        data={queues.map((one) => ({ value: one.name, label: labelText(one.label, i18n.language) || one.name }))} />
      {withAgent && (
        <Select label={t('calls.agent')} placeholder={t('app.all')} clearable searchable size="xs" value={filter.agent || null}
          onChange={(agent) => set({ agent: agent ?? '' })} data-testid="filter-agent"
          data={Object.values(agents).map((one) => ({ value: one.id, label: one.name }))} />
      )}
      <TextInput type="date" label={t('calls.from')} size="xs" value={filter.from} max={filter.to || undefined}
        onChange={(event) => set({ from: event.currentTarget.value })} />
      <TextInput type="date" label={t('calls.to')} size="xs" value={filter.to} min={filter.from || undefined}
        onChange={(event) => set({ to: event.currentTarget.value })} />
      {used && (
        <Button variant="subtle" color="gray" size="xs" leftSection={<IconX size={14} />} onClick={clear}>
          {t('app.clear_filters')}
        </Button>
      )}
    </search>
  );
}

export function Pages({ total, page, onChange }: { total: number; page: number; onChange: (page: number) => void }) {
  const { t } = useTranslation();
  const pages = Math.ceil(total / PAGE_SIZE);
  if (total === 0) return null; // the list says so in words
  return (
    <div className={styles.pages}>
      <Text size="sm" c="dimmed">{t('app.total', { count: total })}</Text>
      {pages > 1 && (
        <Pagination size="sm" total={pages} value={page} onChange={onChange}
          getItemProps={(item) => ({ 'aria-label': t('app.page', { page: item, pages }) })} />
      )}
    </div>
  );
}
