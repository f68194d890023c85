/**
 * Shows a state by a word, a glyph of notation, and a tone. The tables are total: a state of a newer platform is
 * shown by its own name, at rest.
 */

import {
  activationResultLooks,
  agentStateLooks,
  componentStateLooks,
  enforcementLooks,
  findingResultLooks,
  firingResultLooks,
  holdLooks,
  incidentStatusLooks,
  type StateIcon,
  type StateLook,
  type StateTone,
  taskStatusLooks,
  verdictLooks,
  workStatusLooks,
} from "@tutti/contracts/states";
import { pausedTaskText } from "@tutti/rest/text";
import type { TaskCounts } from "@tutti/rest/types";

export type Tone = "rest" | "playing" | "held" | "done" | "wrong" | "silent" | "back" | "again";

export type GlyphName =
  | "rest"
  | "tied-rest"
  | "note"
  | "fermata"
  | "caesura"
  | "repeat"
  | "final"
  | "cross"
  | "tacet"
  | "cut"
  | "segno"
  | "segno-done"
  | "skip"
  | "attacca"
  | "trill"
  | "breath"
  | "wedge"
  | "chord"
  | "voices"
  | "key"
  | "coda"
  | "more"
  | "wave"
  | "marcato"
  | "hairpins"
  | "system";

export interface Stand {
  /** In words, as people see it. */
  readonly word: string;
  readonly glyph: GlyphName;
  readonly tone: Tone;
  /** Whether it can still change by itself. */
  readonly live: boolean;
}

const stand = (word: string, glyph: GlyphName, tone: Tone, live: boolean): Stand => ({
  word,
  glyph,
  tone,
  live,
});

const glyphs: Readonly<Record<StateIcon, GlyphName>> = {
  circle: "rest",
  dot: "note",
  queue: "tied-rest",
  clock: "fermata",
  barrier: "breath",
  pause: "caesura",
  repeat: "repeat",
  check: "final",
  cross: "cross",
  skip: "skip",
  stop: "tacet",
  kill: "cut",
  forward: "attacca",
  undo: "segno",
  undone: "segno-done",
  warning: "trill",
  stopping: "wedge",
};

const tones: Readonly<Record<StateTone, Tone>> = {
  neutral: "rest",
  active: "playing",
  waiting: "held",
  attention: "held",
  warning: "again",
  success: "done",
  failure: "wrong",
  muted: "silent",
  undoing: "back",
};

/** As the contracts have them: the same words in the CLI and the docs. */
function standsOf(looks: Readonly<Record<string, StateLook>>): Readonly<Record<string, Stand>> {
  return Object.fromEntries(
    Object.entries(looks).map(([word, { label, icon, tone, ended }]) => [
      word,
      stand(label, glyphs[icon], tones[tone], !ended),
    ]),
  );
}

export const runStates = standsOf(workStatusLooks);

/** A run. A paused task, and none that is active, is named. */
export function standOfRun(status: string | undefined, tasks?: TaskCounts): Stand {
  const word = pausedTaskText(status, tasks);
  return word === undefined ? standOf(runStates, status) : { ...standOf(runStates, "paused"), word };
}

/** Tasks of a run. */
export const taskStates = standsOf(taskStatusLooks);

/** Workers, by their agents' states. A hold is shown separately. */
export const agentStates = standsOf(agentStateLooks);

/** Holds of workers. */
export const agentHolds = standsOf(holdLooks);

/** Results of one time of a schedule. */
export const firingStates = standsOf(firingResultLooks);

/** Results of an event of a trigger. */
export const activationStates = standsOf(activationResultLooks);

const { unspecified: open, ...decided } = verdictLooks;

/** Questions to people. */
export const verdicts = standsOf({ open, ...decided });

/** Decisions on a call. */
export const accessStates = {
  allowed: stand("allowed", "final", "done", false),
  denied: stand("denied", "tacet", "wrong", false),
} as const;

/** Processes and their parts. */
export const componentStates = standsOf(componentStateLooks);

export const incidentStates = standsOf(incidentStatusLooks);

/** Whether a policy counts. */
export const enforcements = standsOf(enforcementLooks);

/** States of a rule. The default enforcement applies. */
export function standOfRule({
  enforcement = "enforced",
}: {
  readonly enforcement?: string | undefined;
}): Stand {
  return standOf(enforcements, enforcement);
}

/** Keys and tokens. */
export const keyStates: Readonly<Record<string, Stand>> = {
  good: stand("good", "note", "playing", false),
  replaced: stand("rotated", "attacca", "again", false),
  ended: stand("ended", "final", "silent", false),
  revoked: stand("revoked", "cross", "wrong", false),
};

/** Results of a rule's findings. */
export const findingStates = standsOf(findingResultLooks);

/** Subjects of a mission's votes. */
export const voteStates = {
  open: stand("open", "note", "playing", true),
  decided: stand("decided", "final", "done", false),
  undecided: stand("undecided", "tacet", "silent", false),
} as const;

/** Schedules and triggers. */
export const activeOrPaused = {
  going: stand("active", "note", "playing", true),
  paused: stand("paused", "caesura", "held", true),
} as const;

/** Whether a call has a keyed object. */
export const freeOrBusy = {
  free: stand("free", "rest", "silent", false),
  busy: stand("busy", "note", "playing", true),
} as const;

/** Calls of a keyed object that have no end. */
export const objectCalls = {
  waiting: stand("waiting", "tied-rest", "held", true),
  running: stand("running", "note", "playing", true),
  left: stand("left the queue", "skip", "silent", false),
} as const;

/** Results of a trial of an event. */
export const triggerTests = {
  starts: stand("would start a run", "final", "done", false),
  unmet: stand("condition is false", "skip", "silent", false),
  foreign: stand("not an event of this trigger", "tacet", "silent", false),
  dead: stand("would be a dead letter", "cross", "wrong", false),
} as const;

/** The object with a name, of any kind. */
export function standOf(table: Readonly<Record<string, Stand>>, state: string | undefined): Stand {
  if (state === undefined || state === "") return stand("unknown", "rest", "rest", false);
  return table[state] ?? stand(state.replaceAll("_", " "), "rest", "rest", false);
}

/** States of runs in the order of filters: running ones first. */
export const runStateOrder = [
  "running",
  "pending",
  "paused",
  "cancelling",
  "failed",
  "quarantined",
  "completed",
  "cancelled",
  "terminated",
  "continued",
] as const;
