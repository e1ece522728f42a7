/** Where to, and how: at once, or after a word with whoever takes it. */
import { Button, Group, Modal, SegmentedControl, Select, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { TargetKind } from '../api/types';
import { labelText } from '../app/contact';
import { useCentre, useColleagues } from '../app/queries';
import * as commands from './commands';
import { ColleagueList } from './ColleagueList';

export function TransferDialog({ id, opened, onClose }: { id: string; opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal opened={opened} onClose={onClose} title={t('transfer.title')} closeButtonProps={{ 'aria-label': t('app.close') }}
      data-testid="transfer-dialog">
      {opened && <Destinations id={id} onClose={onClose} />}
    </Modal>
  );
}

function Destinations({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation();
  const { busy, run } = commands.useBusy();
  const [kind, setKind] = useState<TargetKind>('agent');
  const [value, setValue] = useState('');
  const send = (how: 'transfer' | 'consult') =>
    run(how, async () => {
      const done = await commands[how](id, { kind, value: value.replace(/\s+/g, '') });
      if (done) onClose();
    });
  const choose = (next: string) => {
    setKind(next as TargetKind);
    setValue('');
  };
  return (
    <Stack>
      <SegmentedControl fullWidth value={kind} onChange={choose} data-testid="transfer-kind"
        data={(['agent', 'queue', 'number'] as const).map((one) => ({ value: one, label: t(`transfer.${one}`) }))} />
      {kind === 'agent' && <AgentChoice value={value} onChange={setValue} />}
      {kind === 'queue' && <QueueChoice value={value} onChange={setValue} />}
      {kind === 'number' && (
        <TextInput label={t('transfer.to_number')} placeholder={t('dial.placeholder')} inputMode="tel" value={value}
          data-testid="transfer-number" onChange={(event) => setValue(event.currentTarget.value)} data-autofocus />
      )}
      <Group justify="flex-end">
        <Button variant="default" disabled={!value.trim()} loading={busy === 'transfer'} data-testid="transfer-blind"
          onClick={() => void send('transfer')}>
          {t('transfer.blind')}
        </Button>
        <Button disabled={!value.trim()} loading={busy === 'consult'} data-testid="consult"
          onClick={() => void send('consult')}>
          {t('transfer.consult')}
        </Button>
      </Group>
    </Stack>
  );
}

function AgentChoice({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const { t } = useTranslation();
  const colleagues = useColleagues(4_000);
  if (colleagues.isError) {
    return (
      <TextInput label={t('transfer.agent_user')} value={value} data-testid="transfer-agent"
        onChange={(event) => onChange(event.currentTarget.value)} data-autofocus />
    );
  }
  const list = colleagues.data ?? [];
  if (colleagues.isSuccess && list.length === 0) return <Text c="dimmed">{t('transfer.no_agents')}</Text>;
  return <ColleagueList colleagues={list} value={value} onChange={onChange} />;
}

function QueueChoice({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const { t, i18n } = useTranslation();
  const queues = useCentre()?.queues ?? [];
  return (
    <Select label={t('transfer.to_queue')} value={value || null} onChange={(next) => onChange(next ?? '')} searchable
      data-testid="transfer-queue" placeholder={t('transfer.pick')}
      data={queues.map((queue) => ({ value: queue.name, label: labelText(queue.label, i18n.language) || queue.name }))} />
  );
}
