/** The contact in hand: who, how long, and everything an agent can do with it. */
import { Badge, Button, Group, Text, Title, Tooltip } from '@mantine/core';
import {
  IconArrowForwardUp,
  IconMicrophone,
  IconMicrophoneOff,
  IconPhoneOff,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerRecord,
} from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { Interaction } from '../api/types';
import { useNow } from '../app/clock';
import { customerNumber, customerTitle } from '../app/contact';
import { useQueueLabel } from '../app/queries';
import { duration, secondsSince } from '../app/time';
import { useSoftphone } from '../softphone/context';
import { toggleMute } from './alerts';
import * as commands from './commands';
import { ConsultPanel } from './ConsultPanel';
import { CustomerData } from './CustomerData';
import { Keypad } from './Keypad';
import { shortcuts } from './shortcuts';
import { Task } from './Task';
import { TransferDialog } from './TransferDialog';
import { WrapUp } from './WrapUp';
import styles from './agent.module.css';

export function CallCard({ interaction }: { interaction: Interaction }) {
  const talking = interaction.stage === 'talking';
  return (
    <article className={`surface ${styles.call}`} data-testid="call-card" data-interaction={interaction.id}
      data-stage={interaction.stage} data-held={interaction.held}>
      <CallHeading interaction={interaction} />
      {talking && interaction.channel === 'voice' && <Controls interaction={interaction} />}
      {interaction.channel === 'task' && <Task interaction={interaction} />}
      {talking && interaction.consult && <ConsultPanel id={interaction.id} consult={interaction.consult} />}
      <div className={styles.body}>
        <CustomerData interaction={interaction} />
        <WrapUp key={interaction.id} interaction={interaction} />
      </div>
    </article>
  );
}

function CallHeading({ interaction }: { interaction: Interaction }) {
  const { t } = useTranslation();
  const now = useNow();
  const queueLabel = useQueueLabel();
  const { state } = useSoftphone();
  const muted = interaction.muted || state.muted;
  const over = interaction.stage === 'wrap_up';
  const stateWord = over ? 'stage.wrap_up' : interaction.channel === 'task' ? 'task.title'
    : interaction.dialling ? 'call.dialling' : interaction.held ? 'call.held' : 'call.talking';
  const began = interaction.accepted_at ?? interaction.stage_since;
  const until = over && interaction.ended_at ? Date.parse(interaction.ended_at) : now;
  const colour = over ? 'violet' : interaction.dialling ? 'orange' : interaction.held ? 'yellow' : 'blue';
  return (
    <header className={styles.heading} data-colour={colour}>
      <div className={styles.who}>
        <Group gap="xs">
          <Badge color={colour} variant="filled" data-testid="call-state">
            {t(stateWord)}
          </Badge>
          <Badge variant="light" color="gray">{t(`call.${interaction.direction}`)}</Badge>
          {interaction.queue && <Badge variant="light">{queueLabel(interaction)}</Badge>}
          {!over && muted && <Badge color="red" variant="light">{t('call.muted')}</Badge>}
          {!over && interaction.channel === 'voice' && !interaction.dialling && <RecordingBadge state={interaction.recording} />}
        </Group>
        <Title order={2} size="h2" lineClamp={1} data-testid="call-customer">
          {customerTitle(interaction, t('call.unknown'))}
        </Title>
        {interaction.contact_name && <Text c="dimmed" className="num">{customerNumber(interaction)}</Text>}
      </div>
      <div className={styles.timer}>
        <span className="num" role="timer" aria-label={t('call.duration')} data-testid="call-timer">
          {duration(secondsSince(began, until))}
        </span>
        {interaction.held && !over && (
          <Text size="xs" c="dimmed" className="num">{t('call.held')}</Text>
        )}
      </div>
    </header>
  );
}

function RecordingBadge({ state }: { state: Interaction['recording'] }) {
  const { t } = useTranslation();
  return (
    <Badge variant="light" color={state === 'on' ? 'red' : state === 'failed' ? 'orange' : 'gray'} leftSection={<IconPlayerRecord size={11} />}
      data-testid="recording-state" data-state={state}>
      {t(`call.recording.${state}`)}
    </Badge>
  );
}

function Controls({ interaction }: { interaction: Interaction }) {
  const { t } = useTranslation();
  const { phone, state } = useSoftphone();
  const { busy, run } = commands.useBusy();
  const [transferring, setTransferring] = useState(false);
  const { id, held } = interaction;
  const muted = interaction.muted || state.muted;
  const paused = interaction.recording === 'paused';
  const here = state.call !== null;
  const dialling = interaction.dialling; // nobody to hold, transfer or press keys for yet

  return (
    <div className={styles.controls} role="toolbar" aria-label={t('call.talking')}>
      <Tooltip label={`${t(held ? 'call.resume' : 'call.hold')} (Alt+H)`}>
        <Button variant={held ? 'filled' : 'default'} color="yellow" disabled={dialling} loading={busy === 'hold'} aria-keyshortcuts={shortcuts.hold}
          data-testid={held ? 'resume' : 'hold'}
          leftSection={held ? <IconPlayerPlay size={18} /> : <IconPlayerPause size={18} />}
          onClick={() => void run('hold', () => (held ? commands.resume(id) : commands.hold(id)))}>
          {t(held ? 'call.resume' : 'call.hold')}
        </Button>
      </Tooltip>
      <Tooltip label={`${t(muted ? 'call.unmute' : 'call.mute')} (Alt+M)`}>
        <Button variant={muted ? 'filled' : 'default'} color="red" aria-pressed={muted} data-testid="mute"
          aria-keyshortcuts={shortcuts.mute}
          leftSection={muted ? <IconMicrophoneOff size={18} /> : <IconMicrophone size={18} />}
          onClick={() => void toggleMute(interaction, state.muted, (on) => phone.mute(on))}>
          {t(muted ? 'call.unmute' : 'call.mute')}
        </Button>
      </Tooltip>
      <Keypad id={id} disabled={dialling} />
      <Button variant="default" leftSection={<IconArrowForwardUp size={18} />} disabled={dialling || interaction.consult !== null}
        data-testid="transfer" onClick={() => setTransferring(true)}>
        {t('call.transfer')}
      </Button>
      {interaction.recording !== 'off' && !dialling && (
        <Button variant="default" loading={busy === 'recording'} leftSection={<IconPlayerRecord size={18} />}
          data-testid={paused ? 'resume-recording' : 'pause-recording'}
          onClick={() => void run('recording', () => (paused ? commands.resumeRecording(id) : commands.pauseRecording(id)))}>
          {t(paused ? 'call.resume_recording' : 'call.pause_recording')}
        </Button>
      )}
      {!here && !dialling && state.registration === 'registered' && (
        <Button variant="light" loading={busy === 'reattach'} data-testid="reattach"
          onClick={() => void run('reattach', () => commands.reattach(id))}>
          {t('softphone.reattach')}
        </Button>
      )}
      <Button color="red" className={styles.last} leftSection={<IconPhoneOff size={18} />} loading={busy === 'hang-up'}
        data-testid="hang-up" onClick={() => void run('hang-up', () => commands.hangUp(interaction))}>
        {t('call.hang_up')}
      </Button>
      <TransferDialog id={id} opened={transferring} onClose={() => setTransferring(false)} />
    </div>
  );
}
