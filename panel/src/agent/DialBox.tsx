import { Button, Group, Text, TextInput, Title } from '@mantine/core';
import { IconPhoneOutgoing } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { useSoftphone } from '../softphone/context';
import { dial, useBusy } from './commands';
import styles from './agent.module.css';

/** Dials out: the centre rings our own phone first, which answers by itself, then the customer's. */
export function DialBox({ disabled }: { disabled: boolean }) {
  const { t } = useTranslation();
  const { state } = useSoftphone();
  const { busy, run } = useBusy();
  const [number, setNumber] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run('dial', async () => {
      if (await dial(number.replace(/[^\d+*#]/g, ''))) setNumber('');
    });
  };
  return (
    <section className={`surface ${styles.side}`}>
      <Title order={3} size="h6" mb={6}>{t('dial.title')}</Title>
      <form onSubmit={submit}>
        <Group gap="xs" wrap="nowrap">
          <TextInput className={styles.grow} aria-label={t('dial.number')} placeholder={t('dial.placeholder')} inputMode="tel"
            value={number} disabled={disabled} data-testid="dial-number"
            onChange={(event) => setNumber(event.currentTarget.value)} />
          <Button type="submit" disabled={disabled || !/\d{2}/.test(number)} loading={busy === 'dial'} data-testid="dial"
            leftSection={<IconPhoneOutgoing size={16} />}>
            {t('dial.call')}
          </Button>
        </Group>
      </form>
      {state.registration !== 'registered' && <Text size="xs" c="dimmed" mt={6}>{t('dial.need_phone')}</Text>}
    </section>
  );
}
