import { Button, Center, Loader, Stack, Text } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';

import { SignIn } from '../access/SignIn';
import { useSession } from '../access/session';

// The rest of the panel is fetched while the person types the password.
const signedIn = import('./Shell');
const Shell = lazy(() => signedIn.then((module) => ({ default: module.Shell })));

export function App() {
  const { t } = useTranslation();
  const { state } = useSession();
  if (state.kind === 'asking') return <Waiting />;
  if (state.kind === 'out') return <SignIn expired={state.expired} />;
  if (state.kind === 'away') {
    return (
      <Center mih="100dvh">
        <Stack align="center">
          <Text>{t('error.network')}</Text>
          <Button onClick={state.retry}>{t('app.retry')}</Button>
        </Stack>
      </Center>
    );
  }
  return (
    <Suspense fallback={<Waiting />}>
      <Shell key={state.user.username} />
    </Suspense>
  );
}

function Waiting() {
  const { t } = useTranslation();
  return (
    <Center mih="100dvh">
      <Loader aria-label={t('app.loading')} />
    </Center>
  );
}
