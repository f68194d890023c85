/** The filter of the list of missions, and the selected part of a mission, as the address contains them. */
import type { WorkStatus } from "@tutti/rest/types";
import { runStateOrder } from "../../score/states.ts";

export interface MissionsSearch {
  readonly text?: string;
  readonly status?: readonly WorkStatus[];
}

const nonEmpty = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

export function missionsSearch(search: Readonly<Record<string, unknown>>): MissionsSearch {
  const text = nonEmpty(search["text"]);
  const statuses: readonly unknown[] = [search["status"]].flat();
  const status = runStateOrder.filter((state) => statuses.includes(state));
  return { ...(text === undefined ? {} : { text }), ...(status.length === 0 ? {} : { status }) };
}

const missionViews = ["tasks", "board", "messages", "votes", "agents", "trace", "about"] as const;
export type MissionView = (typeof missionViews)[number];

export interface MissionSearch {
  readonly view?: MissionView;
  /** The task that is looked at. */
  readonly task?: string;
}

export function missionSearch(search: Readonly<Record<string, unknown>>): MissionSearch {
  const view = missionViews.find((each) => each === search["view"]);
  const task = nonEmpty(search["task"]);
  return { ...(view === undefined ? {} : { view }), ...(task === undefined ? {} : { task }) };
}
