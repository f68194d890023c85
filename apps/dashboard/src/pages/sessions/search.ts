/** The filter of the list of sessions, and the selected part of a session, as the address contains them. */
import type { Mode, WorkStatus } from "@tutti/rest/types";
import { runStateOrder } from "../../score/states.ts";
import { modeOrder } from "./voices.ts";

export interface SessionsSearch {
  readonly text?: string;
  readonly status?: readonly WorkStatus[];
  readonly mode?: readonly Mode[];
}

const nonEmpty = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

export function sessionsSearch(search: Readonly<Record<string, unknown>>): SessionsSearch {
  const text = nonEmpty(search["text"]);
  const states: readonly unknown[] = [search["status"]].flat();
  const modes: readonly unknown[] = [search["mode"]].flat();
  const status = runStateOrder.filter((state) => states.includes(state));
  const mode = modeOrder.filter((each) => modes.includes(each));
  return {
    ...(text === undefined ? {} : { text }),
    ...(status.length === 0 ? {} : { status }),
    ...(mode.length === 0 ? {} : { mode }),
  };
}

export interface ChoicesSearch {
  /** Where this was chosen. */
  readonly mode?: Mode;
}

export function choicesSearch(search: Readonly<Record<string, unknown>>): ChoicesSearch {
  const mode = modeOrder.find((each) => each !== "custom" && each === search["mode"]);
  return mode === undefined ? {} : { mode };
}

const sessionViews = ["graph", "plan", "choices", "compare", "tasks", "trace"] as const;
export type SessionView = (typeof sessionViews)[number];

export interface SessionSearch {
  readonly view?: SessionView;
  /** The task that is looked at. */
  readonly task?: string;
}

export function sessionSearch(search: Readonly<Record<string, unknown>>): SessionSearch {
  const view = sessionViews.find((each) => each === search["view"]);
  const task = nonEmpty(search["task"]);
  return { ...(view === undefined ? {} : { view }), ...(task === undefined ? {} : { task }) };
}
