import { Badge, Button, Group, Loader, Table, Text, Title } from '@mantine/core';
import { IconKey, IconUserPlus } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { useMe } from '../access/session';
import { get, patch } from '../api/client';
import type { ChangedUser, Role, User } from '../api/types';
import { attempt, errorText, showDone } from '../app/feedback';
import listStyles from '../app/Filters.module.css';
import { CapacityCell } from './Capacity';
import { AddUser, ResetPassword, RoleChoice } from './UserForms';

/** How the API names a user in its addresses. */
export const userKey = (user: User) => encodeURIComponent(user.username);

export function UsersPage() {
  const { t } = useTranslation();
  const [adding, setAdding] = useState(false);
  const users = useQuery({ queryKey: ['users'], queryFn: () => get<User[]>('/users') });
  const list = users.data ?? [];
  return (
    <section className={`surface ${listStyles.list}`}>
      <Group justify="space-between">
        <Title order={1} size="h4">{t('users.title')}</Title>
        <Button size="xs" leftSection={<IconUserPlus size={16} />} onClick={() => setAdding(true)} data-testid="add-user">
          {t('users.add')}
        </Button>
      </Group>
      {users.isPending && <Loader size="sm" aria-label={t('app.loading')} />}
      {users.isError && <Text c="red" role="alert">{errorText(users.error)}</Text>}
      {list.length > 0 && (
        <div className="table-scroll">
          <Table verticalSpacing={6} data-testid="users">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('users.username')}</Table.Th>
                <Table.Th>{t('users.name')}</Table.Th>
                <Table.Th>{t('users.roles')}</Table.Th>
                <Table.Th>{t('users.capacity')}</Table.Th>
                <Table.Th />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {list.map((user) => <UserRow key={user.username} user={user} />)}
            </Table.Tbody>
          </Table>
        </div>
      )}
      <AddUser opened={adding} onClose={() => setAdding(false)} />
    </section>
  );
}

function UserRow({ user }: { user: User }) {
  const { t } = useTranslation();
  const me = useMe();
  const queries = useQueryClient();
  const [resetting, setResetting] = useState(false);
  const save = async (change: Partial<User>) => {
    const saved = await attempt(patch<ChangedUser>(`/users/${userKey(user)}`, change));
    if (saved !== undefined) showDone(t('users.saved'));
    await queries.invalidateQueries({ queryKey: ['users'] });
  };
  const { active } = user;
  return (
    <Table.Tr data-testid={`user-${user.username}`}>
      <Table.Td fw={550}>{user.username}</Table.Td>
      <Table.Td>
        {user.name} {!active && <Badge color="gray" variant="light">{t('users.inactive')}</Badge>}
      </Table.Td>
      <Table.Td miw={240}>
        <RoleChoice value={user.roles} label={t('users.edit_roles', { name: user.name })}
          onChange={(roles: Role[]) => void (roles.length > 0 && save({ roles }))} />
      </Table.Td>
      <Table.Td><CapacityCell user={user} onSave={(capacity) => save({ capacity })} /></Table.Td>
      <Table.Td>
        <Group gap="xs" justify="flex-end" wrap="nowrap">
          <Button size="compact-sm" variant="default" leftSection={<IconKey size={14} />} data-testid="reset-password"
            onClick={() => setResetting(true)}>
            {t('users.reset')}
          </Button>
          {user.username !== me.username && (
            <Button size="compact-sm" variant="subtle" color={active ? 'red' : 'teal'}
              onClick={() => void save({ active: !active })}>
              {t(active ? 'users.deactivate' : 'users.activate')}
            </Button>
          )}
        </Group>
        <ResetPassword user={user} opened={resetting} onClose={() => setResetting(false)} />
      </Table.Td>
    </Table.Tr>
  );
}
