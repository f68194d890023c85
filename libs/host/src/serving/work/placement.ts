/** What its pool knows of a task that waits there, besides what its work knows. */
import type { poolService } from "@tutti/contracts/swarm/v1";
import type { Explanation, WorkReference } from "@tutti/contracts/types/v1";
import type { CallContext } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";

export interface PlacementDesk {
  readonly pools: Pick<Client<typeof poolService>, "explainPlacement">;
  /** In which namespace a pool is that work of another one uses. */
  readonly namespaceOfPool: (pool: string, namespace: string) => string;
}

/** What the pool knows is not worth waiting longer for. */
const poolTimeoutMs = 2_000;

/** Undefined where the pool does not know the task, or cannot be asked: then what its work says has to do. */
export async function placementOf(
  { pools, namespaceOfPool }: PlacementDesk,
  pool: string,
  work: WorkReference,
  context: CallContext,
): Promise<Explanation | undefined> {
  const namespace = namespaceOfPool(pool, context.namespace);
  const placed = await pools
    .explainPlacement({ namespace, pool, work }, { context, timeoutMs: poolTimeoutMs })
    .catch(() => undefined);
  return placed?.explanation;
}

export function withPlacement(explanation: Explanation, placed: Explanation | undefined): Explanation {
  if (placed === undefined) return explanation;
  const { summary, waits, candidates, parts, expectedStartTime } = placed;
  return {
    ...withRemedies(explanation, placed.remedies),
    summary: `${explanation.summary} ${summary}`,
    // What the work says of the pool says less.
    waits: waits.length > 0 ? waits : explanation.waits,
    candidates,
    // What hooks of the pool did, and when it would begin there.
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
