/** The bar above and the rail beside every page. */
import { Avatar, Menu, Text, UnstyledButton } from '@mantine/core';
import {
  IconHeadset,
  IconHistory,
  IconLayoutDashboard,
  IconListDetails,
  IconLogout,
  IconSitemap,
  IconUsers,
  IconWaveSine,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { NavLink } from 'react-router';

import { may, useSession } from '../access/session';
import { StateSwitch } from '../agent/StateSwitch';
import type { Me, Privilege } from '../api/types';
import { SoftphoneStatus } from '../softphone/Status';
import { Logo } from './Logo';
import { LanguageSwitch, ThemeSwitch } from './Preferences';
import { useCentre } from './queries';
import styles from './Shell.module.css';

const pages: { to: string; name: string; icon: typeof IconHeadset; needs: Privilege }[] = [
  { to: '/desk', name: 'desk', icon: IconHeadset, needs: 'own_work' },
  { to: '/live', name: 'live', icon: IconLayoutDashboard, needs: 'live_room' },
  { to: '/calls', name: 'calls', icon: IconHistory, needs: 'own_calls' },
  { to: '/recordings', name: 'recordings', icon: IconWaveSine, needs: 'recordings' },
  { to: '/flows', name: 'flows', icon: IconSitemap, needs: 'flows' },
  { to: '/users', name: 'users', icon: IconUsers, needs: 'users' },
  { to: '/audit', name: 'audit', icon: IconListDetails, needs: 'audit' },
];

export function TopBar({ me }: { me: Me }) {
  const centre = useCentre();
  return (
    <header className={styles.bar}>
      <div className={styles.brand}>
        <Logo size={28} />
        <Text className={styles.organisation}>{centre?.organisation ?? ''}</Text>
      </div>
      <div className={styles.spacer} />
      {may(me, 'own_work') && <StateSwitch me={me} />}
      {may(me, 'own_work') && <SoftphoneStatus />}
      <div className={styles.wide}>
        <LanguageSwitch />
        <ThemeSwitch />
      </div>
      <UserMenu me={me} />
    </header>
  );
}

export function Navigation({ me }: { me: Me }) {
  const { t } = useTranslation();
  return (
    <nav className={styles.rail} aria-label={t('app.menu')}>
      {pages
        .filter((page) => may(me, page.needs))
        .map((page) => (
          <NavLink key={page.to} to={page.to} className={styles.link} data-testid={`nav-${page.name}`}>
            <page.icon size={21} stroke={1.7} aria-hidden />
            {t(`nav.${page.name}`)}
          </NavLink>
        ))}
    </nav>
  );
}

function UserMenu({ me }: { me: Me }) {
  const { t } = useTranslation();
  const { signOut } = useSession();
  return (
    <Menu position="bottom-end" width={230}>
      <Menu.Target>
        <UnstyledButton aria-label={me.name} data-testid="user-menu">
          <Avatar name={me.name} color="petrol" size={34} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="sm" fw={650} c="bright">{me.name}</Text>
          {me.username} · {me.roles.map((role) => t(`role.${role}`)).join(', ')}
        </Menu.Label>
        <Menu.Divider />
        <Menu.Label component="div">
          <LanguageSwitch /> <ThemeSwitch />
        </Menu.Label>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void signOut()} data-testid="sign-out">
          {t('access.sign_out')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
