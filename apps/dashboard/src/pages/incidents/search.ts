/** The filters of the list of incidents, and the selected incident, in the address. */
import type { IncidentStatus } from "@tutti/rest/types";

export type IncidentState = Exclude<IncidentStatus, "unspecified">;

export const incidentOrder = ["open", "mitigated", "resolved"] as const satisfies readonly IncidentState[];

export interface IncidentsSearch {
  readonly state?: IncidentState;
  readonly owner?: "mine" | "none";
  readonly text?: string;
}

const nonEmpty = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

export function incidentsSearch(search: Readonly<Record<string, unknown>>): IncidentsSearch {
  const state = incidentOrder.find((each) => each === search["state"]);
  const owner = (["mine", "none"] as const).find((each) => each === search["owner"]);
  const text = nonEmpty(search["text"]);
  return {
    ...(state === undefined ? {} : { state }),
    ...(owner === undefined ? {} : { owner }),
    ...(text === undefined ? {} : { text }),
  };
}

export interface IncidentSearch {
  /** The namespace of the incident, if it is not that of the tab. */
  readonly of?: string;
}

export function incidentSearch(search: Readonly<Record<string, unknown>>): IncidentSearch {
  const of = nonEmpty(search["of"]);
  return of === undefined ? {} : { of };
}
