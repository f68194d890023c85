/** The parameters of a replay in the address. */
import { type Span, spanOrder } from "../analysis/search.ts";

export const strategies = [
  "least_loaded",
  "fastest",
  "sticky",
  "round_robin",
  "consistent_hash",
  "cheapest",
  "auction",
] as const;

type Strategy = (typeof strategies)[number];

export const defaultSpan: Span = "7d";
export const usualPool = "default";

/** A task that waits longer misses its goal. Each with its length in milliseconds. */
export const goals = { "1s": 1_000, "5s": 5_000, "30s": 30_000, "5m": 300_000 } as const;
type Goal = keyof typeof goals;
export const goalOrder = Object.keys(goals) as readonly Goal[];

/** A slider at its lowest place leaves the value as it was. */
export const sliders = {
  workers: { label: "Workers", most: 100, step: 1, unit: "worker" },
  slots: { label: "Slots of each worker", most: 64, step: 1, unit: "slot" },
  load: { label: "Work per time", most: 5, step: 0.25, unit: "" },
} as const;

export type Slider = keyof typeof sliders;
export const sliderOrder = Object.keys(sliders) as readonly Slider[];

export interface WhatIfSearch extends Readonly<Partial<Record<Slider, number>>> {
  readonly pool?: string;
  readonly span?: Span;
  readonly strategy?: Strategy;
  readonly goal?: Goal;
}

export function whatIfSearch(search: Readonly<Record<string, unknown>>): WhatIfSearch {
  const span = spanOrder.find((each) => each === search["span"]);
  const strategy = strategies.find((each) => each === search["strategy"]);
  const goal = goalOrder.find((each) => each === search["goal"]);
  const { pool } = search;
  const values = sliderOrder.flatMap((slider) => {
    const value = Number(search[slider]);
    const { most } = sliders[slider];
    return value > 0 && value <= most ? [[slider, value] as const] : [];
  });
  return {
    ...(typeof pool === "string" && pool !== "" && pool !== usualPool ? { pool } : {}),
    ...(span === undefined || span === defaultSpan ? {} : { span }),
    ...(strategy === undefined ? {} : { strategy }),
    ...(goal === undefined ? {} : { goal }),
    ...Object.fromEntries(values),
  };
}

/** True if the replay differs from the recording in anything. */
export function hasScenario({ workers, slots, load, strategy }: WhatIfSearch): boolean {
  return (workers ?? slots ?? load ?? strategy) !== undefined;
}
