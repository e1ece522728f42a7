/** The softphone's state in the top bar. */
import { Badge, Button, Tooltip } from '@mantine/core';
import { IconPhone, IconPhoneOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import { useSoftphone } from './context';

export function SoftphoneStatus() {
  const { t } = useTranslation();
  const { state, useHere } = useSoftphone();
  if (state.registration === 'elsewhere') {
    return (
      <Tooltip label={t('softphone.elsewhere')}>
        <Button size="compact-sm" variant="light" color="orange" onClick={useHere} data-testid="softphone-use-here">
          {t('softphone.use_here')}
        </Button>
      </Tooltip>
    );
  }
  const talking = state.call?.phase === 'talking';
  const ready = state.registration === 'registered';
  const word = talking ? 'in_call' : state.registration;
  const color = talking ? 'blue' : ready ? 'teal' : state.registration === 'connecting' ? 'yellow' : 'red';
  return (
    <Badge
      variant="light"
      size="lg"
      miw="max-content"
      color={color}
      leftSection={ready ? <IconPhone size={14} /> : <IconPhoneOff size={14} />}
      data-testid="softphone-status"
      data-state={state.registration}
      data-call={state.call?.phase ?? 'none'}
      role="status"
      aria-label={`${t('softphone.label')}: ${t(`softphone.${word}`)}`}
    >
      {t(`softphone.${word}`)}
    </Badge>
  );
}
