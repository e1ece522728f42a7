/** The ledger as a time line: what happened, when, how long after the start, who did it. */
import { Text, Timeline } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { LedgerEntry } from '../api/types';
import { useNames } from '../app/queries';
import { clockTime, duration } from '../app/time';
import styles from './calls.module.css';
import { entryWords, type Naming } from './entry_words';

const COLOURS: Record<string, string> = {
  opened: 'gray', queued: 'yellow', requeued: 'yellow', offered: 'orange', declined: 'red', accepted: 'blue',
  transfer_failed: 'red', recording_failed: 'red', ended: 'violet', closed: 'teal', listening_started: 'grape', taken_over: 'grape',
};

export function Ledger({ entries }: { entries: LedgerEntry[] }) {
  const { t, i18n } = useTranslation();
  const names = useNames();
  const began = entries[0] ? Date.parse(entries[0].at) : 0;
  const naming: Naming = { ...names, t: (key, options) => t(key, options ?? {}) };
  return (
    <Timeline bulletSize={13} lineWidth={2} active={entries.length} data-testid="ledger">
      {entries.map((entry, index) => (
        <Timeline.Item key={index} className={styles.item} color={COLOURS[entry.kind] ?? 'petrol'}
          data-testid={`entry-${entry.kind}`}
          title={
            <span className={styles.entry}>
              <span>{t(`ledger.${entry.kind}`, { defaultValue: entry.kind })}</span>
              <span className={`num ${styles.time}`}>
                {clockTime(entry.at, i18n.language)} · +{duration((Date.parse(entry.at) - began) / 1000)}
              </span>
            </span>
          }>
          <Text size="xs" c="dimmed" className={styles.words}>
            {[...new Set([...entryWords(entry, naming), t('detail.by', { actor: actorName(entry.actor, naming) })])].join(' · ')}
          </Text>
        </Timeline.Item>
      ))}
    </Timeline>
  );
}

function actorName(actor: string, { t, agent }: Naming): string {
  return t(`actor.${actor}`, { defaultValue: agent(actor) });
}
