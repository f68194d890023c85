/** An external reason why work does not start, which precedes the work's own explanation. */
import type { Explanation, Remedy, Wait } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import { withRemedies } from "./placement.ts";

interface Preface {
  readonly summary: string;
  readonly waits: readonly Wait[];
  readonly remedies: Remedy[];
}

export function prefaced(explanation: Explanation, { summary, waits, remedies }: Preface): Explanation {
  const extended = withRemedies(explanation, remedies);
  return { ...extended, summary: `${summary} ${extended.summary}`, waits: [...waits, ...extended.waits] };
}

/** Ended or running work waits for nothing. */
export function isWaiting({ waits }: Pick<Explanation, "waits">): boolean {
  return waits.some(({ present }) => present);
}

export function waitSince(sinceMs: number, about: Pick<Wait, "cause" | "message" | "subject">): Wait {
  const startTime = toTimestamp(sinceMs);
  return { ...about, startTime, endTime: undefined, waitedMs: 0, present: true, holders: [] };
}
