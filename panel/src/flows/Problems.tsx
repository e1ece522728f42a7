/** What is wrong, where, and what to do: as `centralita flow check` says it. */
import { Badge, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { FlowProblem } from '../api/types';
import { labelText } from '../app/contact';
import styles from './flows.module.css';

export function Problems({ list }: { list: FlowProblem[] }) {
  const { t, i18n } = useTranslation();
  if (list.length === 0) return null;
  return (
    <ul className={styles.problems} data-testid="flow-problems">
      {list.map((one) => (
        <li key={`${one.file}:${one.line}:${one.column}:${one.code}`} data-severity={one.severity}>
          <Badge color={one.severity === 'error' ? 'red' : 'yellow'} variant="light">{t(`flows.${one.severity}`)}</Badge>
          <code>{one.file}:{one.line}</code>
          <span>
            <Text span size="sm" fw={550}>{labelText(one.message, i18n.language)}</Text>{' '}
            <Text span size="sm" c="dimmed">{labelText(one.remedy, i18n.language)}</Text>
          </span>
        </li>
      ))}
    </ul>
  );
}
