/**
 * Scaling as a repair: a scaler starts at least a given number of agents.
 *
 * 1. The previous bounds of the scaler are kept in a label of the scaler. The first of several scalings sets the label.
 * 2. The undo restores the bounds and removes the label. If the scaler was replaced since, there is no label and no undo.
 * 3. Repeating a scaling changes nothing.
 */
import { type Scaler, type scalerService, UpdateScalerRequest } from "@tutti/contracts/swarm/v1";
import type { CallContext } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { insightErrors } from "../errors.ts";

type Scalers = Pick<Client<typeof scalerService>, "getScaler" | "listScalers" | "updateScaler">;

export interface Scaling {
  readonly scaler: Scaler;
  /** The new minimum number of agents. */
  readonly agents: number;
  readonly summary: string;
  /** True if it changes the scaler. */
  readonly isChange: boolean;
}

export interface QueuedPool {
  readonly pool: string;
  readonly scalerId: string;
}

interface ScalingRequest {
  readonly namespace: string;
  /** `pool`, or `pool/scaler`. */
  readonly subject: string;
  /** 0 means twice the current number of agents. */
  readonly agents: number;
  readonly undo: boolean;
}

/** The label with the previous bounds: `1..5`. */
const label = "tutti.dev/scaled-from";
/** Default of a scaler without a maximum. */
const agentsMaxDefault = 100;

export async function scalersIn(
  scalers: Scalers,
  namespace: string,
  context: CallContext,
): Promise<Scaler[]> {
  const request = { namespace, pool: "", page: { size: 1_000, token: "" } };
  return (await scalers.listScalers(request, { context })).scalers;
}

export async function planScaling(
  scalers: Scalers,
  request: ScalingRequest,
  context: CallContext,
): Promise<Scaling> {
  const { namespace, subject, undo } = request;
  const scaler = scalerNamed(await scalersIn(scalers, namespace, context), subject);
  const { scalerId, pool, status, minAgents, windows } = scaler;
  const name = `Scaler ${scalerId} of pool ${pool}`;
  if (undo) {
    const { least, most } = boundsBefore(scaler);
    const summary = `${name} starts ${least} to ${most} agents again.`;
    return { scaler, agents: 0, summary, isChange: true };
  }
  if (scaler.paused)
    throw insightErrors.repairUnfit({ what: `a scaler that is not paused, and ${scalerId} is` });
  const agents = request.agents === 0 ? 2 * Math.max(1, minAgents, status?.wanted ?? 0) : request.agents;
  if (agents <= minAgents)
    return {
      scaler,
      agents,
      summary: `${name} starts at least ${minAgents} agents already.`,
      isChange: false,
    };
  const { maxAgents, ...after } = raised(scaler, agents);
  const rest = windows.length === 0 ? "" : " Its windows by the clock still apply.";
  const summary = `${name} starts at least ${after.minAgents} agents, ${minAgents} before, and at most ${maxAgents}.${rest}`;
  return { scaler, agents, summary, isChange: true };
}

export async function applyScaling(
  scalers: Scalers,
  {
    pool,
    scalerId,
    agents,
    undo,
    namespace,
    reason,
  }: Omit<ScalingRequest, "subject"> & QueuedPool & { reason: string },
  context: CallContext,
): Promise<void> {
  const { scaler } = await scalers.getScaler({ namespace, pool, scalerId }, { context });
  if (scaler === undefined) return;
  const change = undo ? restored(scaler) : raised(scaler, agents);
  if (change === undefined) return;
  const update = { fields: ["min_agents", "max_agents", "labels"], revision: scaler.revision };
  const request = { namespace, scaler: { ...scaler, ...change }, update, reason };
  await scalers.updateScaler(UpdateScalerRequest.create(request), { context });
}

type Change = Pick<Scaler, "minAgents" | "maxAgents" | "labels">;

function raised({ minAgents, maxAgents, labels }: Scaler, agents: number): Change {
  return {
    minAgents: Math.max(minAgents, agents),
    maxAgents: Math.max(maxAgents || agentsMaxDefault, agents),
    labels: { [label]: `${minAgents}..${maxAgents || agentsMaxDefault}`, ...labels },
  };
}

/** Returns undefined if the bounds are already restored. */
function restored(scaler: Scaler): Change | undefined {
  const { [label]: before, ...labels } = scaler.labels;
  if (before === undefined) return undefined;
  const { least, most } = boundsBefore(scaler);
  return { minAgents: least, maxAgents: most, labels };
}

function boundsBefore({ scalerId, labels }: Scaler) {
  const [, least, most] = /^(\d{1,6})\.\.(\d{1,6})$/.exec(labels[label] ?? "") ?? [];
  if (least === undefined) throw insightErrors.repairNotMade({ what: `scaler \`${scalerId}\`` });
  return { least: Number(least), most: Number(most) };
}

function scalerNamed(scalers: readonly Scaler[], subject: string): Scaler {
  const [pool = "", scalerId] = subject.split("/");
  const found = scalers.filter(
    (scaler) => scaler.pool === pool && (scalerId === undefined || scaler.scalerId === scalerId),
  );
  const [scaler] = found;
  if (scaler === undefined) throw insightErrors.repairSubjectMissing({ what: "Scaler of", name: subject });
  if (found.length > 1) {
    const ids = found.map((each) => `${pool}/${each.scalerId}`).join(", ");
    throw insightErrors.repairUnfit({ what: `one scaler as its subject: ${ids}` });
  }
  return scaler;
}
