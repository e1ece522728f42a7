/** Keys for menus on the other side. Digits are sent one by one, in order, and never kept. */
import { Button, Popover, Text } from '@mantine/core';
import { IconDialpad } from '@tabler/icons-react';
import { type KeyboardEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { sendDigits } from './commands';
import styles from './agent.module.css';

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];

export function Keypad({ id, disabled = false }: { id: string; disabled?: boolean }) {
  const { t } = useTranslation();
  const [sent, setSent] = useState('');
  const line = useRef<Promise<unknown>>(Promise.resolve());
  const press = (key: string) => {
    setSent((before) => (before + key).slice(-16));
    line.current = line.current.then(() => sendDigits(id, key));
  };
  const type = (event: KeyboardEvent) => {
    if (KEYS.includes(event.key)) press(event.key);
  };
  return (
    <Popover position="bottom" withArrow trapFocus onClose={() => setSent('')}>
      <Popover.Target>
        <Button variant="default" disabled={disabled} leftSection={<IconDialpad size={18} />} data-testid="keypad">
          {t('call.keypad')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown onKeyDown={type}>
        <Text ta="center" h={28} className="num" aria-label={t('call.sent')}>{sent}</Text>
        <div className={styles.keys}>
          {KEYS.map((key) => (
            <Button key={key} variant="default" size="md" aria-label={t('call.key', { key })} data-testid={`key-${key}`}
              onClick={() => press(key)}>
              {key}
            </Button>
          ))}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
