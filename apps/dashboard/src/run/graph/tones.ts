import { type Stand, standOf, type Tone, taskStates } from "../../score/states.ts";
import { stateOfNumber } from "../model/task-state.ts";

export function standOfTask(state: string | undefined): Stand {
  return standOf(taskStates, state);
}

export function toneOf(state: string): Tone {
  return standOfTask(state).tone;
}

/** The tone of a task's state number. A task that does not exist yet rests. */
export function standOfNumber(number: number): Stand {
  const state = stateOfNumber(number);
  return state === undefined ? notThere : standOfTask(state);
}

const notThere: Stand = { word: "not started yet", glyph: "rest", tone: "rest", live: false };
