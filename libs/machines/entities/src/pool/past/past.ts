/**
 * The past of a scaler: its observations and decisions, as far as they are kept. Immutable: a change creates
 * a new one.
 */

import type { Scaling } from "@tutti/contracts/swarm/v1";
import { arrivalsMax, crashesMax, scalingsMax } from "../limits.ts";

export interface Crashes {
  readonly count: number;
  /** How the program ended last, in words. */
  readonly how: string;
}

export interface ScalerPast {
  /** Decisions, the newest last. */
  readonly scalings: readonly Scaling[];
  /** Number of consecutive crashes of the program of an agent. Healthy agents have no entry. */
  readonly crashes: ReadonlyMap<string, Crashes>;
  /** Number of the first period in `arrivals`. */
  readonly firstStretch: number;
  /** Arrived tasks per period. Below 0 if not observed. */
  readonly arrivals: readonly number[];
}

const unknown = -1;
const causeLengthMax = 1_000;

export const noPast: ScalerPast = { scalings: [], crashes: new Map(), firstStretch: 0, arrivals: [] };

export function withScaling(past: ScalerPast, scaling: Scaling): ScalerPast {
  return { ...past, scalings: [...past.scalings, scaling].slice(-scalingsMax) };
}

export function withCrashes(past: ScalerPast, agentId: string, { count, how }: Crashes): ScalerPast {
  const crashes = new Map(past.crashes);
  crashes.delete(agentId);
  if (count > 0) crashes.set(agentId, { count, how: how.slice(0, causeLengthMax) });
  const [oldest] = crashes.keys();
  if (crashes.size > crashesMax && oldest !== undefined) crashes.delete(oldest);
  return { ...past, crashes };
}

/** Two owners may each have seen a part of one period. */
export function withArrivals(past: ScalerPast, stretch: number, tasks: number): ScalerPast {
  const { arrivals, firstStretch } = past;
  const at = stretch - firstStretch;
  const isFar = arrivals.length === 0 || at - arrivals.length >= arrivalsMax;
  if (isFar) return { ...past, firstStretch: stretch, arrivals: [tasks] };
  if (at < 0) return past;
  const all = [...arrivals];
  while (all.length <= at) all.push(unknown);
  all[at] = Math.max(0, all[at] ?? 0) + tasks;
  const retained = all.slice(-arrivalsMax);
  return { ...past, arrivals: retained, firstStretch: firstStretch + all.length - retained.length };
}
