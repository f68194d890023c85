/**
 * The observed speeds of agents: the duration of a task is its size times its agent's slowness. The
 * logarithms of both are found by turns. The size is declared by the author, or that of the kind.
 */
import { medianOf } from "../structures/median.ts";

/** Prior variance of agents, of the logarithm. */
const priorVariance = 0.25;
/** Variance of tasks within their kind, without observations. */
const unknownVariance = 0.5;
const rounds = 8;
/** A shorter task measures the clock more than the agent. */
const informativeMs = 5;

/** The part of a task that informs about its agent. */
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

/** Returns slowness by agent, relative to the median. Agents without observations are left out. */
export function observedPaces(
  tasks: readonly DoneTask[],
  agents: readonly { readonly id: string }[],
): ReadonlyMap<string, number> {
  const there = new Set(agents.map(({ id }) => id));
  const samples = tasks
    .filter(({ agentId, workMs }) => there.has(agentId) && workMs >= informativeMs)
    .map(({ agentId, demand, capability = demand, statedMs = 0, workMs }): SpeedSample => {
      const logMs = Math.log(statedMs > 0 ? workMs / statedMs : workMs);
      return { agentId, kind: `${statedMs > 0} ${capability}`, logMs };
    });
  const byAgent = Map.groupBy(samples, ({ agentId }) => agentId);
  const byKind = Map.groupBy(samples, ({ kind }) => kind);
  const paceOf = new Map<string, number>();
  const sizeOf = new Map<string, number>();
  const residual = ({ agentId, kind, logMs }: SpeedSample) =>
    logMs - (paceOf.get(agentId) ?? 0) - (sizeOf.get(kind) ?? 0);
  for (let round = 0; round < rounds; round++) {
    for (const [kind, those] of byKind)
      sizeOf.set(kind, (sizeOf.get(kind) ?? 0) + medianOf(those.map(residual)));
    for (const [agentId, those] of byAgent)
      paceOf.set(agentId, (paceOf.get(agentId) ?? 0) + medianOf(those.map(residual)));
  }
  const spread = medianOf(samples.map((each) => Math.abs(residual(each)))) * 1.5;
  const isInformative = samples.length > byAgent.size + byKind.size;
  const variance = isInformative ? Math.max(1e-6, spread ** 2) : unknownVariance;
  const middle = medianOf([...paceOf.values()]);
  return new Map(
    [...byAgent].map(([agentId, those]) => {
      const weight = priorVariance / (priorVariance + variance / those.length);
      return [agentId, Math.exp(weight * ((paceOf.get(agentId) ?? 0) - middle))];
    }),
  );
}
