/** Where the steps of a flow stand when it is drawn: rows from the top, each step below all that lead to it. Pure. */
import type { FlowStep } from '../api/types';

export const NODE = { width: 150, gapX: 18, gapY: 40, head: 40, line: 16 };
const LANE = 14; // width of a way that passes through a row

/** A way that goes back up, or ends: written into the step instead of drawn. */
export interface Stub {
  label: string;
  to: string;
}

export interface Node {
  step: FlowStep;
  x: number; // of its middle
  y: number; // of its top
  height: number;
  stubs: Stub[];
}

export interface Edge {
  label: string;
  from: string;
  to: string;
  points: [number, number][]; // from the bottom of one step, through the rows between, to the top of the other
}

export interface Drawing {
  nodes: Node[];
  edges: Edge[];
  width: number;
  height: number;
}

interface Place {
  key: string;
  row: number;
  width: number;
  x: number;
}

export function draw(steps: FlowStep[], start: string): Drawing {
  const forward = forwardWays(steps, start);
  const rowOf = rows(steps, forward);
  const ways = mergedWays(steps, forward);
  const places = placed(steps, ways, rowOf);
  const stubsOf = new Map(steps.map((step) => [step.id, stubs(step, forward)]));
  const heightOf = (id: string) => NODE.head + NODE.line * (stubsOf.get(id)?.length ?? 0);
  const count = Math.max(0, ...rowOf.values()) + 1;
  const tops = [0];
  for (let row = 0; row < count; row += 1) {
    const tallest = Math.max(...steps.filter((step) => rowOf.get(step.id) === row).map((step) => heightOf(step.id)));
    tops.push((tops[row] ?? 0) + tallest + NODE.gapY);
  }
  const at = (key: string) => places.get(key) ?? { key, row: 0, width: 0, x: 0 };
  const top = (key: string) => tops[at(key).row] ?? 0;
  const nodes = steps.map((step) => ({
    step, x: at(step.id).x, y: top(step.id), height: heightOf(step.id), stubs: stubsOf.get(step.id) ?? [],
  }));
  const edges = ways.map((way) => {
    const lanes = lanesOf(way, rowOf).flatMap((key): [number, number][] => {
      const bottom = (tops[at(key).row + 1] ?? 0) - NODE.gapY;
      return [[at(key).x, top(key)], [at(key).x, bottom]];
    });
    const begin: [number, number] = [at(way.from).x, top(way.from) + heightOf(way.from)];
    return { ...way, points: [begin, ...lanes, [at(way.to).x, top(way.to)] as [number, number]] };
  });
  const width = Math.max(NODE.width, ...[...places.values()].map((place) => place.x + place.width / 2));
  return { nodes, edges, width, height: (tops[count] ?? NODE.gapY) - NODE.gapY };
}

/** The ways that do not lead back to where one came from, as "from to"; walked from the start. */
function forwardWays(steps: FlowStep[], start: string): Set<string> {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const forward = new Set<string>();
  const state = new Map<string, 'open' | 'done'>();
  const walk = (id: string) => {
    state.set(id, 'open');
    for (const { to } of byId.get(id)?.ways ?? []) {
      if (!byId.has(to) || state.get(to) === 'open') continue;
      forward.add(`${id} ${to}`);
      if (!state.has(to)) walk(to);
    }
    state.set(id, 'done');
  };
  for (const id of [start, ...byId.keys()]) if (byId.has(id) && !state.has(id)) walk(id);
  return forward;
}

function rows(steps: FlowStep[], forward: Set<string>): Map<string, number> {
  const before = new Map<string, string[]>(steps.map((step) => [step.id, []]));
  for (const way of forward) {
    const [from = '', to = ''] = way.split(' ');
    before.get(to)?.push(from);
  }
  const known = new Map<string, number>();
  const row = (id: string): number => {
    const found = known.get(id) ?? 1 + Math.max(-1, ...(before.get(id) ?? []).map(row));
    known.set(id, found);
    return found;
  };
  for (const step of steps) row(step.id);
  return known;
}

/** Several keys to the same step are one line. */
function mergedWays(steps: FlowStep[], forward: Set<string>): Omit<Edge, 'points'>[] {
  return steps.flatMap((step) => {
    const labels = new Map<string, string[]>();
    for (const { label, to } of step.ways) {
      if (forward.has(`${step.id} ${to}`)) labels.set(to, [...(labels.get(to) ?? []), label]);
    }
    return [...labels].map(([to, list]) => ({ from: step.id, to, label: list.filter(Boolean).join(' · ') }));
  });
}

function stubs(step: FlowStep, forward: Set<string>): Stub[] {
  const found = new Map<string, string[]>();
  for (const { label, to } of step.ways) {
    if (!forward.has(`${step.id} ${to}`)) found.set(to, [...(found.get(to) ?? []), label]);
  }
  return [...found].map(([to, list]) => ({ to, label: list.filter(Boolean).join(' · ') }));
}

function lanesOf(way: { from: string; to: string }, rowOf: Map<string, number>): string[] {
  const first = (rowOf.get(way.from) ?? 0) + 1;
  const last = rowOf.get(way.to) ?? 0;
  return Array.from({ length: Math.max(0, last - first) }, (_, index) => `${way.from} ${way.to} ${first + index}`);
}

/** Side by side in each row, ordered by where they come from, and each row in the middle. */
function placed(steps: FlowStep[], ways: Omit<Edge, 'points'>[], rowOf: Map<string, number>): Map<string, Place> {
  const places: Place[] = steps.map((step) => ({ key: step.id, row: rowOf.get(step.id) ?? 0, width: NODE.width, x: 0 }));
  const above = new Map<string, string[]>();
  for (const way of ways) {
    const chain = [way.from, ...lanesOf(way, rowOf), way.to];
    chain.slice(1, -1).forEach((key) => places.push({ key, row: Number(key.split(' ')[2]), width: LANE, x: 0 }));
    chain.slice(1).forEach((key, index) => above.set(key, [...(above.get(key) ?? []), chain[index] ?? '']));
  }
  const byKey = new Map(places.map((place) => [place.key, place]));
  const count = Math.max(0, ...places.map((place) => place.row)) + 1;
  const inRows = Array.from({ length: count }, (_, row) => places.filter((place) => place.row === row));
  const widest = Math.max(...inRows.map((row) => row.reduce((sum, place) => sum + place.width + NODE.gapX, -NODE.gapX)));
  for (const row of inRows) {
    const wish = (place: Place) => {
      const from = (above.get(place.key) ?? []).map((key) => byKey.get(key)?.x ?? 0);
      return from.length ? from.reduce((sum, x) => sum + x, 0) / from.length : widest / 2;
    };
    const ordered = row.map((place, order) => ({ place, order, wish: wish(place) }))
      .sort((a, b) => a.wish - b.wish || a.order - b.order);
    const needed = row.reduce((sum, place) => sum + place.width + NODE.gapX, -NODE.gapX);
    let left = (widest - needed) / 2;
    for (const { place } of ordered) {
      place.x = left + place.width / 2;
      left += place.width + NODE.gapX;
    }
  }
  return byKey;
}
