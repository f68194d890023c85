import {
  componentStateLooks,
  type StateIcon,
  type StateLook,
  type StateTone,
  taskStatusLooks,
  workStatusLooks,
} from "@tutti/contracts/states";
import { pausedTaskText } from "@tutti/rest/text";
import type { TaskCounts } from "@tutti/rest/types";
import type { Tone } from "./style.ts";

/** Look of a state in a terminal: a symbol that differs without colour, and a colour for its urgency. */
export interface Look {
  readonly symbol: string;
  readonly tone: Tone;
  /** The state in words. */
  readonly words: string;
  readonly isEnded: boolean;
}

const symbols: Readonly<Record<StateIcon, string>> = {
  circle: "○",
  dot: "●",
  queue: "◔",
  clock: "◷",
  barrier: "◌",
  pause: "‖",
  repeat: "↻",
  check: "✓",
  cross: "✗",
  skip: "–",
  stop: "⊘",
  kill: "⊗",
  forward: "→",
  undo: "↶",
  undone: "↩",
  warning: "!",
  stopping: "⊖",
};

const tones: Readonly<Record<StateTone, Tone>> = {
  neutral: "dim",
  active: "cyan",
  waiting: "yellow",
  attention: "magenta",
  warning: "yellow",
  success: "green",
  failure: "red",
  muted: "dim",
  undoing: "yellow",
};

/** Looks by state. A word means the same for runs and tasks. */
const looks: Readonly<Record<string, StateLook>> = { ...taskStatusLooks, ...workStatusLooks };

const componentLooks: Readonly<Record<string, StateLook>> = componentStateLooks;

const unknownLook: Look = { symbol: "·", tone: "dim", words: "unknown", isEnded: false };

/** Returns the look of a run or a task. A state that this program does not know is shown by its name. */
export function lookOf(state: string | undefined): Look {
  if (state === undefined || state === "" || state === "unspecified") return unknownLook;
  const look = looks[state];
  if (look === undefined) return { ...unknownLook, words: state.replaceAll("_", " ") };
  return { symbol: symbols[look.icon], tone: tones[look.tone], words: look.label, isEnded: look.ended };
}

/** Returns the look of a run. If a task is paused and none is active, the words tell so. */
export function lookOfRun(state: string | undefined, tasks?: TaskCounts): Look {
  const words = pausedTaskText(state, tasks);
  return words === undefined ? lookOf(state) : { ...lookOf("paused"), words };
}

/** Returns the look of a component. A word such as `failed` looks the same, but a component has words of its own. */
export function componentLookOf(state: string | undefined): Look {
  const look = state === undefined ? undefined : componentLooks[state];
  if (look === undefined) return lookOf(state);
  return { symbol: symbols[look.icon], tone: tones[look.tone], words: look.label, isEnded: look.ended };
}

export function isState(word: string): boolean {
  return Object.hasOwn(looks, word);
}

export const runStates = Object.keys(workStatusLooks);
