/**
 * How quick agents showed themselves to be: what a task took is its size by its agent's slowness, and the logarithms of
 * both are found by turns. The size is what its author said, or that of its kind.
 */
import { medianOf } from "../structures/median.ts";

/** How far agents are believed to differ before anything is seen of them, as a variance of the logarithm. */
const priorVariance = 0.25;
/** What a task differs from others of its kind where nothing shows that. */
const unknownVariance = 0.5;
const rounds = 8;
/** What takes less says more of the clock than of the agent. */
const tellingMs = 5;

/** A task, as far as it tells of its agent. */
interface DoneTask {
  readonly agentId: string;
  readonly demand: string;
  readonly capability?: string;
  readonly statedMs?: number;
  readonly workMs: number;
}

interface SpeedSample {
  readonly agentId: string;
  readonly kind: string;
  readonly logMs: number;
}

/** By agent, beside the middle one. Those of which nothing was seen are left out. */
export function pacesSeen(
  tasks: readonly DoneTask[],
  agents: readonly { readonly id: string }[],
): ReadonlyMap<string, number> {
  const there = new Set(agents.map(({ id }) => id));
  const samples = tasks
    .filter(({ agentId, workMs }) => there.has(agentId) && workMs >= tellingMs)
    .map(({ agentId, demand, capability = demand, statedMs = 0, workMs }): SpeedSample => {
      const logMs = Math.log(statedMs > 0 ? workMs / statedMs : workMs);
      return { agentId, kind: `${statedMs > 0} ${capability}`, logMs };
    });
  const byAgent = Map.groupBy(samples, ({ agentId }) => agentId);
  const byKind = Map.groupBy(samples, ({ kind }) => kind);
  const paceOf = new Map<string, number>();
  const sizeOf = new Map<string, number>();
  const left = ({ agentId, kind, logMs }: SpeedSample) =>
    logMs - (paceOf.get(agentId) ?? 0) - (sizeOf.get(kind) ?? 0);
  for (let round = 0; round < rounds; round++) {
    for (const [kind, those] of byKind) sizeOf.set(kind, (sizeOf.get(kind) ?? 0) + medianOf(those.map(left)));
    for (const [agentId, those] of byAgent)
      paceOf.set(agentId, (paceOf.get(agentId) ?? 0) + medianOf(those.map(left)));
  }
  const spread = medianOf(samples.map((each) => Math.abs(left(each)))) * 1.5;
  const isTelling = samples.length > byAgent.size + byKind.size;
  const variance = isTelling ? Math.max(1e-6, spread ** 2) : unknownVariance;
  const middle = medianOf([...paceOf.values()]);
  return new Map(
    [...byAgent].map(([agentId, those]) => {
      const weight = priorVariance / (priorVariance + variance / those.length);
      return [agentId, Math.exp(weight * ((paceOf.get(agentId) ?? 0) - middle))];
    }),
  );
}
