import { Alert, Button, Paper, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { errorText } from '../app/feedback';
import { LanguageSwitch, ThemeSwitch } from '../app/Preferences';
import { Logo } from '../app/Logo';
import { useSession } from './session';
import styles from './SignIn.module.css';

export function SignIn({ expired }: { expired: boolean }) {
  const { t } = useTranslation();
  const { signIn } = useSession();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(expired ? t('error.signed_out') : '');

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem('');
    try {
      await signIn(username.trim(), password);
    } catch (error) {
      setProblem(errorText(error));
      setPassword('');
      setBusy(false);
    }
  };

  return (
    <main className={styles.page}>
      <div className={styles.preferences}>
        <LanguageSwitch />
        <ThemeSwitch />
      </div>
      <Paper className={styles.card} withBorder shadow="sm" p="xl" radius="md">
        <form onSubmit={(event) => void submit(event)}>
          <Stack>
            <div className={styles.heading}>
              <Logo size={44} />
              <div>
                <Title order={1} size="h3">{t('access.title')}</Title>
                <Text size="sm" c="dimmed">{t('access.welcome')}</Text>
              </div>
            </div>
            {problem && <Alert color="red" role="alert" data-testid="sign-in-problem">{problem}</Alert>}
            <TextInput label={t('access.user')} value={username} autoComplete="username" autoCapitalize="none"
              spellCheck={false} required withAsterisk={false} autoFocus data-testid="sign-in-user"
              onChange={(event) => setUsername(event.currentTarget.value)} />
            <PasswordInput label={t('access.password')} value={password} autoComplete="current-password" required
              withAsterisk={false} data-testid="sign-in-password"
              onChange={(event) => setPassword(event.currentTarget.value)} />
            <Button type="submit" loading={busy} fullWidth data-testid="sign-in-submit">{t('access.submit')}</Button>
          </Stack>
        </form>
      </Paper>
    </main>
  );
}
