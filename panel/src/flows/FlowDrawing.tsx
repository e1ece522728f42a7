/** A flow drawn: its steps, and under which key or answer one leads to another. */
import { useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';

import type { Flow } from '../api/types';
import { useNames } from '../app/queries';
import { draw, type Edge, NODE, type Node } from './drawing';
import styles from './flows.module.css';
import { useWayWords } from './words';

const ROOM = 12; // around the drawing
const LETTERS = { name: 20, small: 27 }; // that fit into a step

export function FlowDrawing({ flow }: { flow: Flow }) {
  const { t } = useTranslation();
  const drawing = useMemo(() => draw(flow.steps, flow.start), [flow]);
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = frame.current; // on a narrow screen: begin where the flow begins, in the middle
    if (box) box.scrollLeft = (box.scrollWidth - box.clientWidth) / 2;
  }, [drawing]);
  const [width, height] = [drawing.width + 2 * ROOM, drawing.height + 2 * ROOM];
  return (
    <div ref={frame} className={styles.drawing} tabIndex={0} role="group" aria-label={t('flows.drawing', { name: flow.name })}>
      <svg width={width} height={height} viewBox={`${-ROOM} ${-ROOM} ${width} ${height}`} aria-hidden data-testid="flow-drawing">
        {drawing.edges.map((edge) => <path key={`${edge.from} ${edge.to}`} className={styles.way} d={curve(edge)} />)}
        {drawing.nodes.map((node) => <Step key={node.step.id} node={node} flow={flow} />)}
        {drawing.edges.map((edge) => <WayLabel key={`${edge.from} ${edge.to}`} edge={edge} />)}
      </svg>
    </div>
  );
}

function Step({ node, flow }: { node: Node; flow: Flow }) {
  const { t } = useTranslation();
  const names = useNames();
  const way = useWayWords();
  const { step, x, y, height, stubs } = node;
  const about = ['queue', 'callback', 'voicemail'].includes(step.verb) ? names.queue(step.about) : step.about;
  const verb = t(`verb.${step.verb}`, { defaultValue: step.verb });
  const kind = step.id === flow.start ? 'start' : step.id === flow.human ? 'human' : undefined;
  return (
    <g transform={`translate(${x - NODE.width / 2} ${y})`} className={styles.step} data-kind={kind} data-verb={step.verb}>
      <title>{[step.id, verb, about].filter(Boolean).join(' · ')}</title>
      <rect width={NODE.width} height={height} rx={6} />
      <text x={NODE.width / 2} y={16} className={styles.stepName}>{short(step.id, LETTERS.name)}</text>
      <text x={NODE.width / 2} y={32} className={styles.stepVerb}>{short(about ? `${verb}: ${about}` : verb)}</text>
      {stubs.map((stub, at) => (
        <text key={stub.to} x={NODE.width / 2} y={NODE.head + NODE.line * at + 8} className={styles.stepVerb}>
          {short(`${stub.label ? `${way(stub.label)} ` : ''}${stub.to === 'end' ? `■ ${t('flows.end')}` : `↺ ${stub.to}`}`)}
        </text>
      ))}
    </g>
  );
}

function WayLabel({ edge }: { edge: Edge }) {
  const way = useWayWords();
  if (!edge.label) return null;
  // Near its end: the ways out of one step lie apart there.
  const [x, y] = edge.points.at(-1) ?? [0, 0];
  return <text x={x} y={y - 6} className={styles.wayLabel}>{short(way(edge.label))}</text>;
}

/** Down out of one step, straight through the rows between, down into the other. */
function curve({ points }: Edge): string {
  const [first, ...rest] = points;
  let [x, y] = first ?? [0, 0];
  let path = `M${x} ${y}`;
  for (const [nextX, nextY] of rest) {
    const half = (y + nextY) / 2;
    path += ` C${x} ${half} ${nextX} ${half} ${nextX} ${nextY}`;
    [x, y] = [nextX, nextY];
  }
  return path;
}

function short(text: string, letters = LETTERS.small): string {
  return text.length > letters ? `${text.slice(0, letters - 1)}…` : text;
}
