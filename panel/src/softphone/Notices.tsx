/** What keeps the softphone from working, each with the remedy beside it. */
import { Alert, Button, Group, Text } from '@mantine/core';
import { IconMicrophoneOff, IconVolume } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { useSoftphone } from './context';
import { microphonePermission } from './microphone';

export function SoftphoneNotices() {
  const { t } = useTranslation();
  const { phone, state } = useSoftphone();
  const [askFirst, setAskFirst] = useState(false);
  useEffect(() => {
    void microphonePermission().then((permission) => setAskFirst(permission === 'prompt'));
  }, []);

  if (state.registration === 'elsewhere') return null;
  if (state.problem) {
    return (
      <Alert color="red" icon={<IconMicrophoneOff />} withCloseButton onClose={() => phone.forgetProblem()}
        closeButtonLabel={t('app.close')} role="alert" data-testid="microphone-problem">
        {t(`softphone.error.${state.problem}`)}
      </Alert>
    );
  }
  if (state.soundBlocked) {
    return (
      <Alert color="orange" icon={<IconVolume />} role="alert">
        <Group justify="space-between">
          <Text size="sm">{t('softphone.hear_why')}</Text>
          <Button size="xs" onClick={() => void phone.hear()}>{t('softphone.hear')}</Button>
        </Group>
      </Alert>
    );
  }
  if (!askFirst) return null;
  const allow = async () => {
    await phone.tryMicrophone();
    setAskFirst(false);
  };
  return (
    <Alert color="blue" icon={<IconMicrophoneOff />}>
      <Group justify="space-between">
        <Text size="sm">{t('softphone.allow_why')}</Text>
        <Button size="xs" onClick={() => void allow()} data-testid="allow-microphone">{t('softphone.allow')}</Button>
      </Group>
    </Alert>
  );
}
