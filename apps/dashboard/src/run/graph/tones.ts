import { type Badge, badgeOf, type Tone, taskStates } from "../../score/states.ts";
import { stateOfNumber } from "../model/task-state.ts";

export function taskBadge(state: string | undefined): Badge {
  return badgeOf(taskStates, state);
}

export function toneOf(state: string): Tone {
  return taskBadge(state).tone;
}

/** The tone of a task's state number. A task that does not exist yet rests. */
export function badgeOfNumber(number: number): Badge {
  const state = stateOfNumber(number);
  return state === undefined ? notThere : taskBadge(state);
}

const notThere: Badge = { label: "not started yet", glyph: "rest", tone: "rest", live: false };
