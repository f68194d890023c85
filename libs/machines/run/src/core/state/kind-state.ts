/** State of a node that only tasks of its kind have, as a union by kind. */
import type { Amounts } from "@tutti/contracts/types/v1";
import type { FunctionEntry, RunLimit } from "@tutti/contracts/workflow/v1";

export type KindState = ListState | LoopState | SpawnState | FunctionState | WaitState | ChildState;
type Kind = KindState["kind"];

/** A node with parts: its entries, rounds, or added tasks. */
interface PartsState {
  /** Place of the range of its entries, of its latest round, or of the first added tasks. 0 for none. */
  parts: number;
  /** Whether it is in the agenda because of its parts. */
  isAttended: boolean;
}

/** A task with entries, of every kind. */
interface ListState extends PartsState {
  readonly kind: "list";
  /** The list of its entries, if it is not a variable. */
  list: Uint8Array | undefined;
  /** Place of the next entry that starts. */
  nextEntry: number;
  entriesOpen: number;
}

interface LoopState extends PartsState {
  readonly kind: "loop";
  /** Output of the latest round, or the initial value. */
  last: Uint8Array | undefined;
  round: number;
  /** True if its latest round has ended, and the next one starts immediately. */
  isRoundOver: boolean;
}

interface SpawnState extends PartsState {
  readonly kind: "spawn";
}

interface FunctionState extends PartsState {
  readonly kind: "function";
  readonly journal: FunctionJournal;
}

interface WaitState {
  readonly kind: "wait";
  signal: string;
}

interface ChildState {
  readonly kind: "child";
  childId: string;
  childHash: string;
  /** True if the child is detached, and is still being started. */
  startsAlone: boolean;
  /** Budget of the detached child: the reserved amounts count as used by then. */
  aloneBudget: Amounts | undefined;
  parameters: Uint8Array | undefined;
  /** Limits in the order of their acquisition, before the child starts. */
  limits: RunLimit[];
}

/** Steps of the worker of a durable function, the tasks it added, and their outcomes, in one order. */
export interface FunctionJournal {
  readonly entries: FunctionEntry[];
  /** Nodes of added tasks that have not ended. Follows from the entries. */
  readonly open: Set<number>;
  /** Ended tasks that the function has not received yet, in their order. */
  ended: number[];
  /** Entries that its worker had after the last turn. */
  held: number;
  /** First entry of the offered turn. */
  from: number;
  /** Number of entries when the turn was offered: its own entries follow them. */
  to: number;
  /** Number of the attempt that made the last turn. 0 before the first. */
  last: number;
  /** Attempts since the last turn whose workers only requested the whole journal. */
  cold: number;
  /** Whether the next turn follows immediately. */
  again: boolean;
  /** Characters of the entries. */
  bytes: number;
}

/** A node, or its view, as far as it is read here. */
type Having<State> = { readonly more: { readonly kindState: State | undefined } | undefined };

/** Returns the state of a node of this kind. Undefined if it has none yet, or is of another kind. */
export function stateOfKind<Name extends Kind, State extends { readonly kind: Kind }>(
  node: Having<State> | undefined,
  kind: Name,
): Extract<State, { readonly kind: Name }> | undefined {
  const state = node?.more?.kindState;
  return state?.kind === kind ? (state as Extract<State, { readonly kind: Name }>) : undefined;
}

/** Returns the state of a node with parts. Undefined for every other kind. */
export function stateOfParts<State extends { readonly kind: Kind }>(
  node: Having<State> | undefined,
): Extract<State, { readonly parts: number }> | undefined {
  const state = node?.more?.kindState;
  if (state === undefined) return undefined;
  const kind: Kind = state.kind;
  switch (kind) {
    case "list":
    case "loop":
    case "spawn":
    case "function":
      return state as unknown as Extract<State, { readonly parts: number }>;
    case "wait":
    case "child":
      return undefined;
    default:
      return kind satisfies never;
  }
}

/** For folds: the node has a state of this kind from here on. */
export function startKind<Name extends Kind>(
  more: { kindState: KindState | undefined },
  kind: Name,
): Extract<KindState, { readonly kind: Name }> {
  if (more.kindState?.kind !== kind) more.kindState = emptyState(kind);
  return more.kindState as Extract<KindState, { readonly kind: Name }>;
}

function emptyState(kind: Kind): KindState {
  const parts = { parts: 0, isAttended: false };
  switch (kind) {
    case "list":
      return { kind, ...parts, list: undefined, nextEntry: 0, entriesOpen: 0 };
    case "loop":
      return { kind, ...parts, last: undefined, round: 0, isRoundOver: false };
    case "spawn":
      return { kind, ...parts };
    case "function":
      return { kind, ...parts, journal: emptyJournal() };
    case "wait":
      return { kind, signal: "" };
    case "child":
      return {
        kind,
        childId: "",
        childHash: "",
        startsAlone: false,
        aloneBudget: undefined,
        parameters: undefined,
        limits: [],
      };
    default:
      return kind satisfies never;
  }
}

function emptyJournal(): FunctionJournal {
  const counts = { held: 0, from: 0, to: 0, last: 0, cold: 0, again: false, bytes: 0 };
  return { entries: [], open: new Set(), ended: [], ...counts };
}
