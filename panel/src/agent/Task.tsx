/** What a task is about: the message a caller left, the call it came from, and calling back. */
import { Anchor, Button, Group, Text } from '@mantine/core';
import { IconPhoneOutgoing, IconRecordMail } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';

import { may, useMe } from '../access/session';
import type { Interaction } from '../api/types';
import { customerNumber } from '../app/contact';
import { duration } from '../app/time';
import { dial, useBusy } from './commands';
import styles from './agent.module.css';

export function Task({ interaction }: { interaction: Interaction }) {
  const { t } = useTranslation();
  const me = useMe();
  const { busy, run } = useBusy();
  const number = customerNumber(interaction);
  const { voicemail, voicemail_s: seconds } = interaction.data;
  return (
    <section className={styles.task} data-testid="task">
      {typeof voicemail === 'string' && (
        <div className={styles.voicemail}>
          <Group gap="xs">
            <IconRecordMail size={18} aria-hidden />
            <Text size="sm" fw={600}>{t('task.voicemail')}</Text>
            {typeof seconds === 'number' && <Text size="sm" c="dimmed" className="num">{duration(seconds)}</Text>}
          </Group>
          <audio controls preload="none" aria-label={t('task.voicemail')} data-testid="voicemail"
            src={`/api/v1/calls/${encodeURIComponent(interaction.id)}/voicemail`} />
        </div>
      )}
      <Group>
        {number && (
          <Button variant="light" leftSection={<IconPhoneOutgoing size={18} />} loading={busy === 'dial'}
            data-testid="call-back" onClick={() => void run('dial', () => dial(number))}>
            {t('task.call_back')}
          </Button>
        )}
        {interaction.parent_id && may(me, 'all_calls') && (
          <Anchor component={Link} to={`/calls/${interaction.parent_id}`} size="sm">{t('task.parent')}</Anchor>
        )}
      </Group>
    </section>
  );
}
