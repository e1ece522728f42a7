import { Button, Group, Modal, MultiSelect, Stack, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { patch, post } from '../api/client';
import type { ChangedUser, Role, User } from '../api/types';
import { attempt, showDone } from '../app/feedback';
import { CapacityFields, takesWork, USUAL } from './Capacity';
import { generatePassword } from './password';
import { userKey } from './UsersPage';

const ROLES: Role[] = ['agent', 'supervisor', 'manager', 'designer', 'admin'];

export function RoleChoice({ value, onChange, label, visible = false }: {
  value: Role[];
  onChange: (roles: Role[]) => void;
  label: string;
  visible?: boolean;
}) {
  const { t } = useTranslation();
  return (
    <MultiSelect size={visible ? 'sm' : 'xs'} label={visible ? label : undefined} aria-label={label} value={value}
      onChange={(roles) => onChange(roles as Role[])} data-testid="roles"
      data={ROLES.map((role) => ({ value: role, label: t(`role.${role}`) }))} />
  );
}

export function AddUser({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal opened={opened} onClose={onClose} title={t('users.add')} closeButtonProps={{ 'aria-label': t('app.close') }}>
      {opened && <AddUserForm onClose={onClose} />}
    </Modal>
  );
}

function AddUserForm({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [user, setUser] = useState({ username: '', name: '', roles: ['agent'] as Role[], capacity: USUAL, password: generatePassword() });
  const change = (next: Partial<typeof user>) => setUser({ ...user, ...next });
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if ((await attempt(post<ChangedUser>('/users', user))) === undefined) return;
    showDone(t('users.created'));
    onClose();
    await queries.invalidateQueries({ queryKey: ['users'] });
  };
  return (
    <form onSubmit={(event) => void submit(event)} autoComplete="off">
      <Stack>
        <TextInput label={t('users.username')} required value={user.username} data-autofocus autoCapitalize="none"
          data-testid="user-username" onChange={(event) => change({ username: event.currentTarget.value.trim().toLowerCase() })} />
        <TextInput label={t('users.name')} required value={user.name} data-testid="user-name"
          onChange={(event) => change({ name: event.currentTarget.value })} />
        <RoleChoice visible label={t('users.roles')} value={user.roles} onChange={(roles) => change({ roles })} />
        {takesWork(user.roles) && <CapacityFields value={user.capacity} onChange={(capacity) => change({ capacity })} />}
        <PasswordField value={user.password} onChange={(password) => change({ password })} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>{t('app.cancel')}</Button>
          <Button type="submit" disabled={user.roles.length === 0} data-testid="user-submit">{t('app.save')}</Button>
        </Group>
      </Stack>
    </form>
  );
}

export function ResetPassword({ user, opened, onClose }: { user: User; opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const [password, setPassword] = useState('');
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if ((await attempt(patch<ChangedUser>(`/users/${userKey(user)}`, { password }))) === undefined) return;
    setPassword('');
    showDone(t('users.saved'));
    onClose();
  };
  return (
    <Modal opened={opened} onClose={onClose} title={t('users.reset_for', { name: user.name })}
      closeButtonProps={{ 'aria-label': t('app.close') }}>
      <form onSubmit={(event) => void submit(event)} autoComplete="off">
        <Stack>
          <PasswordField value={password} onChange={setPassword} />
          <Group justify="flex-end">
            <Button type="submit" disabled={!password} data-testid="password-submit">{t('app.save')}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function PasswordField({ value, onChange }: { value: string; onChange: (password: string) => void }) {
  const { t } = useTranslation();
  return (
    <Group align="end" wrap="nowrap">
      <TextInput label={t('users.password')} description={t('users.password_hint')} required minLength={10} value={value}
        autoComplete="off" spellCheck={false} flex={1} data-testid="new-password"
        onChange={(event) => onChange(event.currentTarget.value)} />
      <Button variant="default" onClick={() => onChange(generatePassword())}>{t('users.generate')}</Button>
    </Group>
  );
}
