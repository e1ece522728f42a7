import { describe, expect, it } from 'vitest';

import type { FlowStep } from '../src/api/types';
import { draw } from '../src/flows/drawing';

function step(id: string, ...ways: [string, string][]): FlowStep {
  return { id, verb: 'say', about: '', heard: {}, ways: ways.map(([label, to]) => ({ label, to })) };
}

const STEPS = [
  step('saludo', ['', 'horario']),
  step('horario', ['open', 'menu'], ['', 'cerrado']),
  step('cerrado', ['', 'menu']),
  step('menu', ['1', 'cola'], ['0', 'cola'], ['9', 'saludo'], ['otherwise', 'end']),
  step('cola'),
  step('suelto', ['', 'cola']),
];

describe('a drawn flow', () => {
  const { nodes, edges, width, height } = draw(STEPS, 'saludo');
  const node = (id: string) => nodes.find((one) => one.step.id === id)!;

  it('puts each step below all that lead to it', () => {
    for (const { from, to } of edges) expect(node(from).y + node(from).height, `${from} → ${to}`).toBeLessThan(node(to).y);
    expect(nodes.map((one) => one.step.id)).toEqual(STEPS.map((one) => one.id));
  });

  it('writes ways back and ends into the step, and joins keys to one place', () => {
    expect(node('menu').stubs).toEqual([{ label: '9', to: 'saludo' }, { label: 'otherwise', to: 'end' }]);
    expect(edges.filter((edge) => edge.from === 'menu')).toMatchObject([{ label: '1 · 0', to: 'cola' }]);
  });

  it('lets no step lie upon another, nor outside', () => {
    for (const a of nodes) {
      expect(a.x).toBeLessThan(width);
      expect(a.y + a.height).toBeLessThanOrEqual(height);
      for (const b of nodes) if (a !== b && a.y === b.y) expect(Math.abs(a.x - b.x)).toBeGreaterThan(150);
    }
  });

  it('draws nothing of nothing', () => {
    expect(draw([], 'x')).toMatchObject({ nodes: [], edges: [] });
  });
});
