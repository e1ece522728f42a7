/** Shown on every page while a supervisor is in somebody's call: in which, how, and the way out. */
import { Button, Group, SegmentedControl, Text } from '@mantine/core';
import { IconEar, IconEarOff, IconHandGrab } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import { useLive } from '../api/events';
import type { ListenMode } from '../api/types';
import { useNames } from '../app/queries';
import { useSoftphone } from '../softphone/context';
import { useListening } from './listening';
import styles from './supervisor.module.css';
import { useTakeOver } from './take_over';

const sentence = { listen: 'listening', whisper: 'whispering', barge: 'barging' } as const;

export function ListeningBar() {
  const { t } = useTranslation();
  const { listening, busy, listen, stop } = useListening();
  const { state } = useSoftphone();
  const names = useNames();
  const takeOver = useTakeOver();
  const interactions = useLive((live) => live.interactions);
  if (!listening) return null;
  const agent = names.agent(interactions[listening.id]?.agent);
  const connected = state.call?.phase === 'talking';
  return (
    <section className={styles.listening} data-testid="listening-bar" data-mode={listening.mode} aria-live="polite">
      <Group gap="xs">
        <IconEar size={20} aria-hidden />
        <Text fw={600}>{t(`listen.${sentence[listening.mode]}`, { agent })}</Text>
        {!connected && <Text size="sm" c="dimmed">{t('listen.connecting')}</Text>}
      </Group>
      <Group gap="xs">
        <SegmentedControl size="xs" value={listening.mode} disabled={busy} data-testid="listen-mode"
          onChange={(mode) => void listen(listening.id, mode as ListenMode)}
          data={(['listen', 'whisper', 'barge'] as const).map((mode) => ({ value: mode, label: t(`listen.${mode}`) }))} />
        <Button size="xs" variant="default" leftSection={<IconHandGrab size={16} />} data-testid="take-over"
          onClick={() => takeOver(listening.id, agent)}>
          {t('listen.take_over')}
        </Button>
        <Button size="xs" color="red" leftSection={<IconEarOff size={16} />} data-testid="stop-listening"
          onClick={() => void stop()}>
          {t('listen.stop')}
        </Button>
      </Group>
    </section>
  );
}
