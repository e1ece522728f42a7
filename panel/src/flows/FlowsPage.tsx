/** The centre's flows as their files are now: where they are dialled, what is wrong with them, how they go. */
import { Button, Group, Loader, Text, Title } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { get } from '../api/client';
import type { Flows } from '../api/types';
import { errorText } from '../app/feedback';
import { FlowCard } from './FlowCard';
import styles from './flows.module.css';
import { Problems } from './Problems';

export function FlowsPage() {
  const { t } = useTranslation();
  const list = useQuery({ queryKey: ['flows'], queryFn: () => get<Flows>('/flows'), refetchOnWindowFocus: 'always' });
  const flows = list.data?.flows ?? [];
  return (
    <div className={styles.page}>
      <Group justify="space-between" align="start">
        <div className={styles.intro}>
          <Title order={1} size="h4">{t('flows.title')}</Title>
          <Text size="sm" c="dimmed">{t('flows.why')}</Text>
        </div>
        <Button size="xs" variant="default" leftSection={<IconRefresh size={16} />} loading={list.isFetching}
          data-testid="check-flows" className={styles.check} onClick={() => void list.refetch()}>
          {t('flows.check')}
        </Button>
      </Group>
      {list.isPending && <Loader size="sm" aria-label={t('app.loading')} />}
      {list.isError && <Text c="red" role="alert">{errorText(list.error)}</Text>}
      {list.data && <Problems list={list.data.problems} />}
      {flows.map((flow, at) => <FlowCard key={flow.name} flow={flow} openedFirst={at === 0} />)}
    </div>
  );
}
