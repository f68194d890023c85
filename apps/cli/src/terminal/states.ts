import type { Tone } from "./style.ts";

/**
 * How states look: each has a symbol of its own that is told apart without colour, and a colour that says how urgent it is.
 * Calm for what goes by itself, yellow for what waits, magenta for what waits for a person, red for what failed.
 */
export interface Look {
  readonly symbol: string;
  readonly tone: Tone;
  /** In words. */
  readonly words: string;
  readonly isEnded: boolean;
}

const look = (symbol: string, tone: Tone, words: string, isEnded = false): Look => ({
  symbol,
  tone,
  words,
  isEnded,
});

const looks: Readonly<Record<string, Look>> = {
  pending: look("○", "dim", "pending"),
  held: look("◌", "yellow", "held"),
  queued: look("◔", "cyan", "queued"),
  running: look("●", "cyan", "running"),
  waiting: look("◷", "yellow", "waiting"),
  retrying: look("↻", "yellow", "retrying"),
  paused: look("‖", "magenta", "paused"),
  completed: look("✓", "green", "completed", true),
  failed: look("✗", "red", "failed", true),
  skipped: look("–", "dim", "skipped", true),
  cancelling: look("⊖", "yellow", "cancelling"),
  cancelled: look("⊘", "yellow", "cancelled", true),
  terminated: look("⊗", "red", "terminated", true),
  continued: look("→", "green", "continued", true),
  quarantined: look("!", "magenta", "quarantined"),
  compensating: look("↶", "yellow", "being undone"),
  compensated: look("↩", "yellow", "undone", true),
};

const unknownLook = look("·", "dim", "unknown");

/** Of a run or a task; a state that this program does not know yet is shown as it is called. */
export function lookOf(state: string | undefined): Look {
  if (state === undefined || state === "" || state === "unspecified") return unknownLook;
  return looks[state] ?? { ...unknownLook, words: state.replaceAll("_", " ") };
}

export function isState(word: string): boolean {
  return Object.hasOwn(looks, word);
}

export const runStates = [
  "pending",
  "running",
  "paused",
  "cancelling",
  "completed",
  "failed",
  "cancelled",
  "terminated",
  "continued",
  "quarantined",
] as const;
