import {
  componentStateDisplay,
  type StateDisplay,
  type StateIcon,
  type StateTone,
  taskStatusDisplay,
  workStatusDisplay,
} from "@tutti/contracts/states";
import { pausedTaskText } from "@tutti/rest/text";
import type { TaskCounts } from "@tutti/rest/types";
import type { Tone } from "./style.ts";

/** How a terminal displays a state: a symbol that differs without colour, and a colour for its urgency. */
export interface Display {
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

/** Display by state. A word means the same for runs and tasks. */
const displays: Readonly<Record<string, StateDisplay>> = { ...taskStatusDisplay, ...workStatusDisplay };

const componentDisplays: Readonly<Record<string, StateDisplay>> = componentStateDisplay;

const unknownDisplay: Display = { symbol: "·", tone: "dim", words: "unknown", isEnded: false };

/** Returns the display of a run or a task. A state that this program does not know is shown by its name. */
export function displayOf(state: string | undefined): Display {
  if (state === undefined || state === "" || state === "unspecified") return unknownDisplay;
  const display = displays[state];
  if (display === undefined) return { ...unknownDisplay, words: state.replaceAll("_", " ") };
  return {
    symbol: symbols[display.icon],
    tone: tones[display.tone],
    words: display.label,
    isEnded: display.ended,
  };
}

/** Returns the display of a run. If a task is paused and none is active, the words tell so. */
export function runDisplayOf(state: string | undefined, tasks?: TaskCounts): Display {
  const words = pausedTaskText(state, tasks);
  return words === undefined ? displayOf(state) : { ...displayOf("paused"), words };
}

/** Returns the display of a component. A word such as `failed` is displayed in the same way, but a component has words of its own. */
export function componentDisplayOf(state: string | undefined): Display {
  const display = state === undefined ? undefined : componentDisplays[state];
  if (display === undefined) return displayOf(state);
  return {
    symbol: symbols[display.icon],
    tone: tones[display.tone],
    words: display.label,
    isEnded: display.ended,
  };
}

export function isState(word: string): boolean {
  return Object.hasOwn(displays, word);
}

export const runStates = Object.keys(workStatusDisplay);
