/**
 * Shows a state by a word, a glyph of notation, and a tone. The tables are total: a state of a newer platform is
 * shown by its own name, at rest.
 */

import {
  activationResultDisplay,
  agentStateDisplay,
  componentStateDisplay,
  enforcementDisplay,
  findingResultDisplay,
  firingResultDisplay,
  holdDisplay,
  incidentStatusDisplay,
  type StateDisplay,
  type StateIcon,
  type StateTone,
  taskStatusDisplay,
  verdictDisplay,
  workStatusDisplay,
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

export interface Badge {
  /** In words, as people see it. */
  readonly label: string;
  readonly glyph: GlyphName;
  readonly tone: Tone;
  /** Whether it can still change by itself. */
  readonly live: boolean;
}

const createBadge = (label: string, glyph: GlyphName, tone: Tone, live: boolean): Badge => ({
  label,
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
function badgesOf(display: Readonly<Record<string, StateDisplay>>): Readonly<Record<string, Badge>> {
  return Object.fromEntries(
    Object.entries(display).map(([state, { label, icon, tone, ended }]) => [
      state,
      createBadge(label, glyphs[icon], tones[tone], !ended),
    ]),
  );
}

export const runStates = badgesOf(workStatusDisplay);

/** A run. A paused task, and none that is active, is named. */
export function runBadge(status: string | undefined, tasks?: TaskCounts): Badge {
  const label = pausedTaskText(status, tasks);
  return label === undefined ? badgeOf(runStates, status) : { ...badgeOf(runStates, "paused"), label };
}

/** Tasks of a run. */
export const taskStates = badgesOf(taskStatusDisplay);

/** Workers, by their agents' states. A hold is shown separately. */
export const agentStates = badgesOf(agentStateDisplay);

/** Holds of workers. */
export const agentHolds = badgesOf(holdDisplay);

/** Results of one time of a schedule. */
export const firingStates = badgesOf(firingResultDisplay);

/** Results of an event of a trigger. */
export const activationStates = badgesOf(activationResultDisplay);

const { unspecified: open, ...decided } = verdictDisplay;

/** Questions to people. */
export const verdicts = badgesOf({ open, ...decided });

/** Decisions on a call. */
export const accessStates = {
  allowed: createBadge("allowed", "final", "done", false),
  denied: createBadge("denied", "tacet", "wrong", false),
} as const;

/** Processes and their parts. */
export const componentStates = badgesOf(componentStateDisplay);

export const incidentStates = badgesOf(incidentStatusDisplay);

/** Whether a policy counts. */
export const enforcements = badgesOf(enforcementDisplay);

/** States of a rule. The default enforcement applies. */
export function ruleBadge({
  enforcement = "enforced",
}: {
  readonly enforcement?: string | undefined;
}): Badge {
  return badgeOf(enforcements, enforcement);
}

/** Keys and tokens. */
export const keyStates: Readonly<Record<string, Badge>> = {
  good: createBadge("good", "note", "playing", false),
  replaced: createBadge("rotated", "attacca", "again", false),
  ended: createBadge("ended", "final", "silent", false),
  revoked: createBadge("revoked", "cross", "wrong", false),
};

/** Results of a rule's findings. */
export const findingStates = badgesOf(findingResultDisplay);

/** Subjects of a mission's votes. */
export const voteStates = {
  open: createBadge("open", "note", "playing", true),
  decided: createBadge("decided", "final", "done", false),
  undecided: createBadge("undecided", "tacet", "silent", false),
} as const;

/** Schedules and triggers. */
export const activeOrPaused = {
  going: createBadge("active", "note", "playing", true),
  paused: createBadge("paused", "caesura", "held", true),
} as const;

/** Whether a call has a keyed object. */
export const freeOrBusy = {
  free: createBadge("free", "rest", "silent", false),
  busy: createBadge("busy", "note", "playing", true),
} as const;

/** Calls of a keyed object that have no end. */
export const objectCalls = {
  waiting: createBadge("waiting", "tied-rest", "held", true),
  running: createBadge("running", "note", "playing", true),
  left: createBadge("left the queue", "skip", "silent", false),
} as const;

/** Results of a trial of an event. */
export const triggerTests = {
  starts: createBadge("would start a run", "final", "done", false),
  unmet: createBadge("condition is false", "skip", "silent", false),
  foreign: createBadge("not an event of this trigger", "tacet", "silent", false),
  dead: createBadge("would be a dead letter", "cross", "wrong", false),
} as const;

/** The object with a name, of any kind. */
export function badgeOf(table: Readonly<Record<string, Badge>>, state: string | undefined): Badge {
  if (state === undefined || state === "") return createBadge("unknown", "rest", "rest", false);
  return table[state] ?? createBadge(state.replaceAll("_", " "), "rest", "rest", false);
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
