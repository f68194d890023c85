/** What its pool knows of a task that waits there, besides what its work knows. */
import type { poolService } from "@tutti/contracts/swarm/v1";
import { Explanation, type Wait, type WaitCause, type WorkReference } from "@tutti/contracts/types/v1";
import { type CallContext, fromTimestamp, sentences, type Timestamp, toTimestamp } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";

export interface PlacementDependencies {
  readonly pools: Pick<Client<typeof poolService>, "explainPlacement">;
  /** In which namespace a pool is that work of another one uses. */
  readonly namespaceOfPool: (pool: string, namespace: string) => string;
  /** When nothing could be brought to a pool since a time. */
  readonly outagesAt: (namespace: string, pool: string, sinceMs: number) => readonly Outage[];
}

/** A time in which what should be at a pool stayed at home. Without an end while it lasts. */
interface Outage {
  readonly cause: WaitCause;
  readonly message: string;
  readonly remedy: string;
  readonly fromMs: number;
  readonly toMs: number | undefined;
  readonly waitedMs: number;
}

/** A task that is to be at a pool. */
interface PlacedTask {
  readonly work: WorkReference;
  /** Since when. */
  readonly queueTime: Timestamp | undefined;
  /** Whether no agent is known to run it. */
  readonly waits: boolean;
}

/** What the pool knows is not worth waiting longer for. */
const poolTimeoutMs = 2_000;

/**
 * Undefined if the pool does not know the task, or cannot be asked. The explanation of its work is used then. While
 * the way to the pool is blocked, the task waits for that, and the answer of the pool does not count.
 *
 * A pool that several namespaces share is asked by the service itself: its caller may look at the task, and need not
 * have any right where the pool is. What pools say of a task tells nothing of other namespaces.
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
    // What the work says of the pool says less.
    waits: waits.length > 0 ? waits : explanation.waits,
    candidates,
    // What hooks of the pool did, and when it would start there.
    parts: [...explanation.parts, ...parts],
    expectedStartTime: expectedStartTime ?? explanation.expectedStartTime,
  };
}

/** More of what would help, each once. */
export function withRemedies(
  explanation: Explanation,
  more: Explanation["remedies"],
  moreMax = Number.POSITIVE_INFINITY,
): Explanation {
  const texts = new Set(explanation.remedies.map(({ text }) => text));
  const fresh = more.filter(({ text }) => !texts.has(text) && texts.add(text)).slice(0, moreMax);
  return { ...explanation, remedies: [...explanation.remedies, ...fresh] };
}
