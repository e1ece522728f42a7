/** Colleagues to hand a call to: those who can take it first. */
import { Badge, Stack, Text, TextInput, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { AgentStatus, Colleague } from '../api/types';
import { statusColor } from '../app/theme';
import styles from './agent.module.css';

const ORDER: AgentStatus[] = ['available', 'wrap_up', 'talking', 'ringing', 'paused', 'offline'];

export function ColleagueList({ colleagues, value, onChange }: {
  colleagues: Colleague[];
  value: string;
  onChange: (value: string) => void;
}) {
  const { t } = useTranslation();
  const [search, setSearch] = useState('');
  const wanted = search.trim().toLocaleLowerCase();
  const shown = colleagues
    .filter((one) => `${one.name} ${one.id}`.toLocaleLowerCase().includes(wanted))
    .sort((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status) || a.name.localeCompare(b.name));
  return (
    <Stack gap="xs">
      {colleagues.length > 6 && (
        <TextInput placeholder={t('transfer.to_agent')} aria-label={t('transfer.to_agent')} value={search}
          onChange={(event) => setSearch(event.currentTarget.value)} />
      )}
      <div className={styles.colleagues} role="radiogroup" aria-label={t('transfer.agent')}>
        {shown.map((one) => (
          <UnstyledButton key={one.id} role="radio" aria-checked={value === one.id} className={styles.colleague}
            data-testid={`transfer-agent-${one.id}`} onClick={() => onChange(one.id)}>
            <Text size="sm" fw={550}>{one.name}</Text>
            <Badge variant="light" color={statusColor[one.status]}>{t(`status.${one.status}`)}</Badge>
          </UnstyledButton>
        ))}
      </div>
    </Stack>
  );
}
