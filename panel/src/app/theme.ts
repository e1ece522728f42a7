/** The look: calm, dense, one accent. Colours of state are the same words everywhere. */
import {
  convertCssVariables,
  createTheme,
  DEFAULT_THEME,
  defaultCssVariablesResolver,
  type MantineColorsTuple,
  mergeMantineTheme,
} from '@mantine/core';

import type { AgentStatus, Stage } from '../api/types';

const petrol: MantineColorsTuple = [
  '#e6f6f9', '#d3e9ee', '#a5d2dc', '#74bac9', '#4ea6b9', '#3599af', '#258fa7', '#157c93', '#046f85', '#006076',
];

export const theme = createTheme({
  primaryColor: 'petrol',
  primaryShade: { light: 8, dark: 7 },
  colors: { petrol },
  defaultRadius: 'md',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif',
  headings: { fontWeight: '650' },
  cursorType: 'pointer',
  components: {
    Tooltip: { defaultProps: { openDelay: 350, withArrow: true } },
    // These lock scrolling by writing a <style> into the page, which our content security policy forbids.
    Modal: { defaultProps: { lockScroll: false } },
    Drawer: { defaultProps: { lockScroll: false } },
    Badge: { defaultProps: { tt: 'none', fw: 600 } },
    Alert: { defaultProps: { variant: 'light' } },
  },
});

/** Put the theme's variables into a constructed style sheet: Mantine's own <style> would be refused by the policy. */
export function adoptTheme(): void {
  const resolved = defaultCssVariablesResolver(mergeMantineTheme(DEFAULT_THEME, theme));
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(convertCssVariables(resolved));
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}

export const statusColor: Record<AgentStatus, string> = {
  available: 'teal',
  ringing: 'orange',
  talking: 'blue',
  wrap_up: 'violet',
  paused: 'yellow',
  offline: 'gray',
};

export const stageColor: Record<Stage, string> = {
  flow: 'gray',
  queued: 'yellow',
  offered: 'orange',
  talking: 'blue',
  wrap_up: 'violet',
  paused: 'yellow',
  closed: 'gray',
};
