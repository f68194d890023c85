import { useSyncExternalStore } from "react";
import { colourOf, currentTheme, subscribeTheme } from "../effects/theme.ts";
import { toneOf } from "./graph/tones.ts";
import { taskStates } from "./model/task-state.ts";

const system = window.matchMedia("(prefers-color-scheme: dark)");

/** Changes with the colours, so that canvases read them again. */
export function useThemeStamp(): string {
  return useSyncExternalStore(subscribeTheme, () => `${currentTheme()} ${system.matches}`);
}

let known: { readonly stamp: string; readonly colours: readonly string[] } | undefined;

/** By the number of a state: its tone as a canvas understands it. */
export function useStateColours(): readonly string[] {
  const stamp = useThemeStamp();
  if (known?.stamp !== stamp)
    known = {
      stamp,
      colours: [colourOf("--rule"), ...taskStates.map((state) => colourOf(`--${toneOf(state)}`))],
    };
  return known.colours;
}
