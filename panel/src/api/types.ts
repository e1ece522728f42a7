/**
 * The shapes of the HTTP API by the names the screens use. They are the API's own: `npm run api` writes `schema.ts`
 * from a running centre's OpenAPI. What comes over the events socket is not described there, and stands here.
 */
import type { components } from './schema';

type Schemas = components['schemas'];

export type Role = Schemas['Role'];
export type Privilege = Schemas['Privilege'];
export type AgentState = Schemas['AgentState'];
export type AgentStatus = Schemas['AgentStatus'];
export type Stage = Schemas['Stage'];
export type ListenMode = Schemas['ListenBody']['mode'];
export type TargetKind = Schemas['TargetBody']['kind'];

/** Text by language. */
export type Label = Record<string, string>;

export type Me = Schemas['MeOut'];
export type Session = Schemas['SessionOut'];
export type Centre = Schemas['CentreOut'];
export type SoftphoneAccount = Schemas['SoftphoneOut'];
export type Agent = Schemas['AgentOut'];
/** What an agent sees of another when choosing where to transfer. */
export type Colleague = Schemas['ColleagueOut'];
export type Consult = Schemas['ConsultOut'];
export type Interaction = Schemas['InteractionOut'];
export type Offer = Schemas['OfferOut'];
export type QueueState = Schemas['QueueOut'];
/** One minute of the room. */
export type Minute = { at: string; arrived: number; answered: number; waiting: number };
/** What an agent did, by stretches. */
export type Timeline = Schemas['TimelineOut'];
export type Flows = Schemas['FlowsOut'];
export type Flow = Schemas['FlowOut'];
export type FlowStep = Schemas['FlowStepOut'];
export type FlowProblem = Schemas['FlowProblemOut'];
export type LedgerEntry = Schemas['EntryOut'];
export type Recording = Schemas['RecordingOut'];
export type CallDetail = Schemas['CallOut'];
export type User = Schemas['UserOut'];
/** `password` is told once, when the centre made it up. */
export type ChangedUser = Schemas['ChangedUserOut'];
export type AuditEntry = Schemas['AuditOut'];

export interface Page<T> {
  items: T[];
  total: number;
  page: number;
  page_size: number;
}

export interface Notice {
  code: string;
  agent: string | null;
  interaction_id: string | null;
  data: Record<string, string>;
}

export interface Snapshot {
  agents: Agent[];
  interactions: Interaction[];
  queues: QueueState[];
  offers: Offer[];
  pulse: Minute[];
}

export type ServerEvent =
  | { type: 'snapshot'; data: Snapshot }
  | { type: 'interaction'; data: Interaction }
  | { type: 'interaction_gone'; data: { id: string } }
  | { type: 'agent'; data: Agent }
  | { type: 'offer'; data: Offer }
  | { type: 'offer_gone'; data: { id: string; reason: string } }
  | { type: 'queue'; data: QueueState }
  | { type: 'pulse'; data: Minute }
  | { type: 'notice'; data: Notice }
  | { type: 'ping' };
