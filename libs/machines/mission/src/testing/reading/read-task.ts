/** A task as far as what became durable tells, and what may happen to it from there. */
export interface ReadTask {
  readonly number: number;
  // biome-ignore lint/suspicious/noExplicitAny: a specification as it was given
  readonly spec: any;
  readonly parent: number;
  // biome-ignore lint/suspicious/noExplicitAny: an authority as it was given
  readonly authority: any;
  stands: Standing;
  attempt: number;
  agent: string;
  toAgent: string;
  toRole: string;
  leaseDueMs: number;
  /** How it ended, once it has. */
  ending: Ending | undefined;
}

/**
 * `open`: nobody can have it yet, or not now. `queued`: offered, or there to be claimed. `atWork`: an agent of a pool
 * has started. `awaited`: a child that is asked for, or there. `asked`: a person decides.
 */
export type Standing =
  | "open"
  | "queued"
  | "atWork"
  | "claimed"
  | "awaited"
  | "asked"
  | "paused"
  | "withdrawn"
  | "over";

export type Ending = "completed" | "failed" | "skipped" | "cancelled";

// biome-ignore lint/suspicious/noExplicitAny: a specification as it was given
export function newReadTask(number: number, spec: any, origin: Partial<ReadTask> = {}): ReadTask {
  return {
    ...{ number, spec, parent: -1, authority: undefined, stands: "open", attempt: 0, agent: "" },
    ...{ toAgent: "", toRole: "", leaseDueMs: 0, ending: undefined },
    ...origin,
  };
}

export function isChild({ spec }: ReadTask): boolean {
  return spec.work?.$case === "workflow" || spec.work?.$case === "mission";
}

/** Returns whether somebody may have used up something of it that nobody knows of. */
export function isUnderWay({ stands }: ReadTask): boolean {
  return stands === "atWork" || stands === "claimed" || stands === "awaited";
}

export function isAtWork({ stands }: ReadTask): boolean {
  return stands === "atWork" || stands === "claimed";
}

const needs = { success: 1, failure: 2, always: 3 };

/** What has become of its needs: all met, one that cannot be met any more, or neither yet. */
export function needsOf({ spec }: ReadTask, byId: ReadonlyMap<string, ReadTask>): "met" | "lost" | "open" {
  let isOpen = false;
  for (const { task: id, condition } of spec.needs) {
    const ending = byId.get(id)?.ending;
    if (ending === undefined) isOpen = true;
    else if (!isMet(condition || needs.success, ending)) return "lost";
  }
  return isOpen ? "open" : "met";
}

function isMet(condition: number, ending: Ending): boolean {
  if (condition === needs.always) return true;
  return ending === (condition === needs.failure ? "failed" : "completed");
}

export function claimIdOf({ number, attempt }: ReadTask): string {
  return `c${number}.${attempt}`;
}
