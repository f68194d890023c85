import type { KeptObjectCall, LimitHolder } from "@tutti/contracts/workflow/v1";
import type { Command, MachineEvent, MachineStep, ReadOnly } from "@tutti/kernel";

/** A keyed object, folded from its events. Only folds change it. */
export interface KeyedObject {
  name: string;
  key: string;
  /** Time of the first call. 0 before. */
  createMs: number;
  changeMs: number;
  /** Number of changes of its values. */
  revision: number;
  /** Values as JSON, by name. */
  readonly entries: Map<string, Uint8Array>;
  /** The call that holds the object. */
  current: KeptObjectCall | undefined;
  /** Waiting calls by ticket, in their order. */
  readonly waiting: Map<number, KeptObjectCall>;
  /** Ended calls, the oldest first. */
  readonly recent: KeptObjectCall[];
  lastTicket: number;
  endedCount: number;
  /** Tickets of calls that wait or hold the object, by run. Follows from the others. */
  readonly byHolder: Map<string, number>;
}

/** Read-only view for deciders. */
export type ObjectView = ReadOnly<KeyedObject>;
export type ObjectStep = MachineStep<KeyedObject, never>;
export type ObjectEvent<Body> = MachineEvent<KeyedObject, never, Body>;
export type ObjectCommand<Body, Reply> = Command<KeyedObject, Body, Reply, never>;

export function newObject(): KeyedObject {
  return {
    name: "",
    key: "",
    createMs: 0,
    changeMs: 0,
    revision: 0,
    entries: new Map(),
    current: undefined,
    waiting: new Map(),
    recent: [],
    lastTicket: 0,
    endedCount: 0,
    byHolder: new Map(),
  };
}

/** Returns the identity of a run as one text. Services, kinds and ids have no slash. */
export function nameOf({ service = "", kind = "", id = "" }: ReadOnly<LimitHolder>): string {
  return `${service}/${kind}/${id}`;
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Returns all values as a JSON object. */
export function stateOf({ entries }: ObjectView): Uint8Array {
  const members = [...entries].map(
    ([name, value]) => `${JSON.stringify(name)}:${decoder.decode(value as Uint8Array)}`,
  );
  return encoder.encode(`{${members.join(",")}}`);
}
