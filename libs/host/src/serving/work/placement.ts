/** The pool's explanation of a waiting task, in addition to that of its work. */
import type { poolService } from "@tutti/contracts/swarm/v1";
import { Explanation, type Wait, type WaitCause, type WorkReference } from "@tutti/contracts/types/v1";
import { type CallContext, fromTimestamp, sentences, type Timestamp, toTimestamp } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";

export interface PlacementDependencies {
  readonly pools: Pick<Client<typeof poolService>, "explainPlacement">;
  /** Returns the namespace of a pool that work of another namespace uses. */
  readonly namespaceOfPool: (pool: string, namespace: string) => string;
  /** Returns the periods since a time in which no tasks could be sent to a pool. */
  readonly outagesAt: (namespace: string, pool: string, sinceMs: number) => readonly Outage[];
}

/** A period in which tasks could not be sent to a pool. Without an end while it lasts. */
interface Outage {
  readonly cause: WaitCause;
  readonly message: string;
  readonly remedy: string;
  readonly fromMs: number;
  readonly toMs: number | undefined;
  readonly waitedMs: number;
}

/** A task for a pool. */
interface PlacedTask {
  readonly work: WorkReference;
  /** Start of its wait. */
  readonly queueTime: Timestamp | undefined;
  /** True if no known agent can run it. */
  readonly waits: boolean;
}

/** The pool's explanation is not worth a longer wait. */
const poolTimeoutMs = 2_000;

/**
 * Returns undefined if the pool does not know the task, or is unavailable. Then the explanation of its work is used.
 * While the path to the pool is blocked, the task waits for that, and the answer of the pool does not count.
 *
 * The service itself queries a pool that several namespaces share: its caller may read the task, but may have no rights
 * in the pool's namespace. A pool's answer about a task reveals nothing about other namespaces.
 */
export async function placementOf(
  { pools, namespaceOfPool, outagesAt }: PlacementDependencies,
  pool: string,
  { work, queueTime, waits: isWaiting }: PlacedTask,
  context: CallContext,
): Promise<Explanation | undefined> {
  const namespace = namespaceOfPool(pool, context.namespace);
  const sinceMs = queueTime === undefined ? Number.POSITIVE_INFINITY : fromTimestamp(queueTime);
  const outages = outagesAt(namespace, pool, sinceMs).filter(({ toMs }) => isWaiting || toMs !== undefined);
  const waits = outages.map((outage) => waitOf(outage, pool)).reverse();
  const present = outages.find(({ toMs }) => toMs === undefined);
  if (present !== undefined) {
    const { message, remedy } = present;
    return Explanation.fromPartial({
      about: work,
      summary: sentences(`It waits: ${message}`),
      waits,
      remedies: [{ text: remedy }],
    });
  }
  const { signal, trace } = context;
  const as = namespace === context.namespace ? { context } : { signal, trace };
  const placed = await pools
    .explainPlacement({ namespace, pool, work }, { ...as, timeoutMs: poolTimeoutMs })
    .catch(() => undefined);
  const explanation = placed?.explanation;
  return explanation && { ...explanation, waits: [...explanation.waits, ...waits] };
}

function waitOf({ cause, message, fromMs, toMs, waitedMs }: Outage, pool: string): Wait {
  return {
    cause,
    message,
    subject: pool,
    holders: [],
    present: toMs === undefined,
    waitedMs,
    startTime: toTimestamp(fromMs),
    endTime: toMs === undefined ? undefined : toTimestamp(toMs),
  };
}

export function withPlacement(explanation: Explanation, placed: Explanation | undefined): Explanation {
  if (placed === undefined) return explanation;
  const { summary, waits, candidates, parts, expectedStartTime } = placed;
  return {
    ...withRemedies(explanation, placed.remedies),
    summary: `${explanation.summary}${explanation.summary.endsWith(".") ? "" : "."} ${summary}`,
    // The work's own waits are less specific.
    waits: waits.length > 0 ? waits : explanation.waits,
    candidates,
    // Actions of the pool's hooks, and the expected start there.
    parts: [...explanation.parts, ...parts],
    expectedStartTime: expectedStartTime ?? explanation.expectedStartTime,
  };
}

/** Adds remedies, each once. */
export function withRemedies(
  explanation: Explanation,
  more: Explanation["remedies"],
  moreMax = Number.POSITIVE_INFINITY,
): Explanation {
  const texts = new Set(explanation.remedies.map(({ text }) => text));
  const fresh = more.filter(({ text }) => !texts.has(text) && texts.add(text)).slice(0, moreMax);
  return { ...explanation, remedies: [...explanation.remedies, ...fresh] };
}
