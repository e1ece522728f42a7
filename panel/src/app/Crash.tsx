import { Button, Center, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

export function Crash({ onRetry }: { onRetry: () => void }) {
  const { t } = useTranslation();
  return (
    <Center p="xl">
      <Stack align="center">
        <Text>{t('app.crashed')}</Text>
        <Button onClick={onRetry}>{t('app.retry')}</Button>
      </Stack>
    </Center>
  );
}
