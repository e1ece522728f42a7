/** How much of each kind of channel a person carries at once: shown, and changed. */
import { Button, Group, Modal, NumberInput, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { Role, User } from '../api/types';
import styles from './admin.module.css';

export type Capacity = { voice: number; task: number };

export const USUAL: Capacity = { voice: 1, task: 1 };
const MOST: Capacity = { voice: 1, task: 20 };
const KINDS = ['voice', 'task'] as const;

/** Only they are offered contacts. */
export function takesWork(roles: Role[]): boolean {
  return roles.some((role) => role === 'agent' || role === 'supervisor' || role === 'admin');
}

export function CapacityFields({ value, onChange }: { value: Capacity; onChange: (capacity: Capacity) => void }) {
  const { t } = useTranslation();
  return (
    <div>
      <Text size="sm" fw={600}>{t('users.capacity')}</Text>
      <Text size="xs" c="dimmed" mb={4}>{t('users.capacity_hint')}</Text>
      <Group grow>
        {KINDS.map((kind) => (
          <NumberInput key={kind} label={t(`users.${kind}`)} value={value[kind]} min={0} max={MOST[kind]} allowDecimal={false}
            allowNegative={false} clampBehavior="strict" data-testid={`capacity-${kind}`}
            onChange={(count) => onChange({ ...value, [kind]: Number(count) || 0 })} />
        ))}
      </Group>
    </div>
  );
}

export function CapacityCell({ user, onSave }: { user: User; onSave: (capacity: Capacity) => Promise<void> }) {
  const { t } = useTranslation();
  const [editing, setEditing] = useState(false);
  const now: Capacity = { ...USUAL, ...user.capacity };
  if (!takesWork(user.roles)) return <Text size="sm" c="dimmed">–</Text>;
  return (
    <>
      <UnstyledButton className={styles.capacity} onClick={() => setEditing(true)} data-testid="edit-capacity"
        aria-label={t('users.capacity_of', { name: user.name })}>
        <span className="num">{KINDS.map((kind) => `${t(`users.${kind}`)} ${now[kind]}`).join(' · ')}</span>
        <IconPencil size={14} aria-hidden />
      </UnstyledButton>
      <Modal opened={editing} onClose={() => setEditing(false)} title={t('users.capacity_of', { name: user.name })}
        closeButtonProps={{ 'aria-label': t('app.close') }}>
        {editing && <CapacityForm now={now} onSave={(capacity) => onSave(capacity).then(() => setEditing(false))} />}
      </Modal>
    </>
  );
}

function CapacityForm({ now, onSave }: { now: Capacity; onSave: (capacity: Capacity) => Promise<void> }) {
  const { t } = useTranslation();
  const [capacity, setCapacity] = useState(now);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void onSave(capacity);
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <CapacityFields value={capacity} onChange={setCapacity} />
        <Group justify="flex-end">
          <Button type="submit" data-testid="capacity-submit">{t('app.save')}</Button>
        </Group>
      </Stack>
    </form>
  );
}
