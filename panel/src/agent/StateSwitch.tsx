/** What the agent is doing, for how long, and the way to change it. */
import { Button, Menu } from '@mantine/core';
import { IconCheck, IconChevronDown, IconCircleFilled, IconCoffee, IconPower } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import { put } from '../api/client';
import type { AgentState, Me } from '../api/types';
import { useNow } from '../app/clock';
import { labelText } from '../app/contact';
import { attempt } from '../app/feedback';
import { useCentre, useNames } from '../app/queries';
import { statusColor } from '../app/theme';
import { duration, secondsSince } from '../app/time';
import { askForNotifications } from './alerts';
import { useWork } from './work';

export function changeState(state: AgentState, reason?: string): Promise<unknown> {
  if (state === 'available') askForNotifications();
  return attempt(put('/me/state', reason ? { state, reason } : { state }));
}

export function StateSwitch({ me }: { me: Me }) {
  const { t, i18n } = useTranslation();
  const { agent } = useWork(me.username);
  const centre = useCentre();
  const names = useNames();
  const now = useNow();
  if (!agent) return null;

  const word = t(`status.${agent.status}`);
  const reason = agent.status === 'paused' ? names.reason(agent.reason) : '';
  const since = duration(secondsSince(agent.status_since, now));
  const busy = agent.status === 'talking' || agent.status === 'wrap_up' || agent.status === 'ringing';
  return (
    <Menu position="bottom-end" width={230}>
      <Menu.Target>
        <Button variant="default" size="sm" data-testid="agent-state" data-status={agent.status} data-state={agent.state}
          aria-label={`${t('state.label')}: ${word} ${reason}`}
          leftSection={<IconCircleFilled size={12} color={`var(--mantine-color-${statusColor[agent.status]}-6)`} />}
          rightSection={<IconChevronDown size={14} />}>
          <span>{reason || word}</span>
          <span className="num" style={{ marginInlineStart: 8, opacity: 0.65 }}>{since}</span>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {busy && <Menu.Label>{t('state.after_call')}</Menu.Label>}
        <Menu.Item leftSection={<IconCheck size={16} />} data-testid="state-available"
          onClick={() => void changeState('available')}>
          {t('state.available')}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t('state.paused')}</Menu.Label>
        {(centre?.pause_reasons ?? []).map((one) => (
          <Menu.Item key={one.id} leftSection={<IconCoffee size={16} />} data-testid={`state-paused-${one.id}`}
            onClick={() => void changeState('paused', one.id)}>
            {labelText(one.label, i18n.language) || one.id}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconPower size={16} />} color="gray" data-testid="state-offline"
          onClick={() => void changeState('offline')}>
          {t('state.offline')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
