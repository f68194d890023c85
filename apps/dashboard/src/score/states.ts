/**
 * How what stands somehow is shown: a word, a glyph of notation, and a tone. The tables are total: a state that a later
 * platform knows and this page does not is shown by its own name, at rest.
 */

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
  | "coda";

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

/** Runs, as the contracts name their statuses. */
export const runStates: Readonly<Record<string, Stand>> = {
  pending: stand("waiting to start", "rest", "rest", true),
  running: stand("running", "note", "playing", true),
  paused: stand("paused", "caesura", "held", true),
  cancelling: stand("cancelling", "segno", "back", true),
  completed: stand("completed", "final", "done", false),
  failed: stand("failed", "cross", "wrong", false),
  cancelled: stand("cancelled", "tacet", "silent", false),
  terminated: stand("terminated", "cut", "silent", false),
  continued: stand("went on as new", "attacca", "rest", false),
  quarantined: stand("put aside", "trill", "wrong", false),
};

/** Tasks of a run. */
export const taskStates: Readonly<Record<string, Stand>> = {
  pending: stand("not yet its turn", "rest", "rest", true),
  held: stand("held by a limit", "breath", "held", true),
  queued: stand("waiting for a worker", "tied-rest", "rest", true),
  running: stand("at work", "note", "playing", true),
  waiting: stand("waiting", "fermata", "held", true),
  retrying: stand("will be tried again", "repeat", "again", true),
  paused: stand("paused", "caesura", "held", true),
  completed: stand("completed", "final", "done", false),
  failed: stand("failed", "cross", "wrong", false),
  skipped: stand("skipped", "skip", "silent", false),
  cancelled: stand("cancelled", "tacet", "silent", false),
  compensating: stand("being undone", "segno", "back", true),
  compensated: stand("undone", "segno-done", "back", false),
};

/** Workers, by their agents' states; being held is said apart. */
export const agentStates: Readonly<Record<string, Stand>> = {
  starting: stand("starting", "tied-rest", "rest", true),
  ready: stand("ready", "breath", "done", true),
  busy: stand("all slots taken", "note", "playing", true),
  draining: stand("finishing", "wedge", "back", true),
  asleep: stand("asleep", "rest", "rest", true),
  suspect: stand("not heard", "trill", "wrong", true),
  gone: stand("gone", "tacet", "silent", false),
};

/** Holds of workers. */
export const agentHolds: Readonly<Record<string, Stand>> = {
  paused: stand("paused by a person", "caesura", "held", true),
  quarantined: stand("put aside", "trill", "wrong", true),
  flapping: stand("comes and goes", "repeat", "again", true),
  failing: stand("fails too often", "trill", "wrong", true),
};

/** What came of one time of a schedule. */
export const firingStates: Readonly<Record<string, Stand>> = {
  started: stand("started", "note", "done", false),
  queued: stand("queued", "tied-rest", "rest", true),
  overlapped: stand("let pass: still running", "skip", "silent", false),
  missed: stand("missed", "tacet", "held", false),
  refused: stand("refused", "cross", "wrong", false),
};

/** Questions to people. */
export const verdicts: Readonly<Record<string, Stand>> = {
  open: stand("waiting for you", "fermata", "held", true),
  approved: stand("approved", "final", "done", false),
  rejected: stand("rejected", "cross", "wrong", false),
  expired: stand("lapsed", "tacet", "silent", false),
  withdrawn: stand("withdrawn", "skip", "silent", false),
};

/** What was decided on a call. */
export const accessStates = {
  allowed: stand("allowed", "final", "done", false),
  denied: stand("denied", "tacet", "wrong", false),
} as const;

/** Whether a policy counts. */
export const enforcements: Readonly<Record<string, Stand>> = {
  enforced: stand("counts", "note", "playing", false),
  shadow: stand("is tried out", "breath", "held", false),
  off: stand("out of use", "tacet", "silent", false),
};

/** How a rule stands. One that says nothing of its enforcement counts. */
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
  replaced: stand("has a successor", "attacca", "again", false),
  ended: stand("ended", "final", "silent", false),
  revoked: stand("revoked", "cross", "wrong", false),
};

/** What became of what a rule found. */
export const findingStates: Readonly<Record<string, Stand>> = {
  held: stand("held", "final", "done", false),
  denied: stand("was refused", "tacet", "wrong", false),
  asked: stand("a person was asked", "fermata", "held", false),
  changed: stand("was changed", "segno", "back", false),
  noted: stand("was noted", "note", "again", false),
  shadowed: stand("would have been caught", "breath", "rest", false),
};

/** What agents of a mission vote on. */
export const voteStates = {
  open: stand("open", "note", "playing", true),
  decided: stand("decided", "final", "done", false),
  undecided: stand("undecided", "tacet", "silent", false),
} as const;

export const schedulesAt = {
  going: stand("by the clock", "note", "playing", true),
  paused: stand("paused", "caesura", "held", true),
} as const;

/** What stands under a name, whatever it is. */
export function standOf(table: Readonly<Record<string, Stand>>, state: string | undefined): Stand {
  if (state === undefined || state === "") return stand("unknown", "rest", "rest", false);
  return table[state] ?? stand(state.replaceAll("_", " "), "rest", "rest", false);
}

/** The states of runs in the order in which filters offer them: what is going on first. */
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
