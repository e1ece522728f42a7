/** While the agent talks to a third person and the customer waits. */
import { Button, Group, Text } from '@mantine/core';
import { IconArrowBackUp, IconCheck, IconUsersGroup } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import type { Consult } from '../api/types';
import { useNames } from '../app/queries';
import * as commands from './commands';
import styles from './agent.module.css';

export function ConsultPanel({ id, consult }: { id: string; consult: Consult }) {
  const { t } = useTranslation();
  const names = useNames();
  const { busy, run } = commands.useBusy();
  const target = names.agent(consult.target);
  const three = consult.state === 'conference';
  const ringing = consult.state === 'ringing';
  const title = three ? 'transfer.three' : ringing ? 'transfer.ringing' : 'transfer.consulting';
  return (
    <section className={styles.consult} data-testid="consult-panel" data-state={consult.state} aria-live="polite">
      <div>
        <Text fw={600}>{t(title, { target })}</Text>
        {!three && <Text size="sm" c="dimmed">{t('transfer.waiting_customer')}</Text>}
      </div>
      <Group gap="xs">
        <Button leftSection={<IconCheck size={18} />} disabled={ringing} loading={busy === 'complete'}
          data-testid="complete-consult" onClick={() => void run('complete', () => commands.completeConsult(id))}>
          {t(three ? 'transfer.leave' : 'transfer.complete')}
        </Button>
        {!three && (
          <Button variant="default" leftSection={<IconUsersGroup size={18} />} disabled={ringing}
            loading={busy === 'conference'} data-testid="conference"
            onClick={() => void run('conference', () => commands.conference(id))}>
            {t('transfer.conference')}
          </Button>
        )}
        <Button variant="default" leftSection={<IconArrowBackUp size={18} />} loading={busy === 'cancel'}
          data-testid="cancel-consult" onClick={() => void run('cancel', () => commands.cancelConsult(id))}>
          {t(three ? 'transfer.drop' : 'transfer.cancel')}
        </Button>
      </Group>
    </section>
  );
}
