import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { en } from '../src/i18n/en';
import { es } from '../src/i18n/es';

type Tree = { [key: string]: string | Tree };

function flat(tree: Tree, prefix = ''): Record<string, string> {
  return Object.assign(
    {},
    ...Object.entries(tree).map(([key, value]) =>
      typeof value === 'string' ? { [prefix + key]: value } : flat(value, `${prefix}${key}.`),
    ),
  ) as Record<string, string>;
}

const spanish = flat(es);
const english = flat(en);
const blanks = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map((match) => match[1]).sort();

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.tsx?$/.test(entry.name) ? [readFileSync(path, 'utf8')] : [];
  });
}

describe('texts', () => {
  it('are the same set in Spanish and English, with the same blanks to fill', () => {
    expect(Object.keys(english).sort()).toEqual(Object.keys(spanish).sort());
    for (const key of Object.keys(spanish)) expect(blanks(english[key] ?? ''), key).toEqual(blanks(spanish[key] ?? ''));
  });

  it('are never empty', () => {
    for (const [key, text] of [...Object.entries(spanish), ...Object.entries(english)]) expect(text, key).not.toBe('');
  });

  it('exist for every key the screens name', () => {
    const code = sources(join(import.meta.dirname, '..', 'src')).join('\n');
    const named = [...code.matchAll(/\bt\('([a-z_]+(?:\.[a-z_]+)+)'/g)].map((match) => match[1] ?? '');
    expect(named.length).toBeGreaterThan(100);
    const missing = named.filter((key) => !(key in spanish) && !(`${key}_one` in spanish));
    expect(missing).toEqual([]);
  });
});
