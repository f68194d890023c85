/**
 * Agents that a user has paused: for any time, after a move of the pool too, and whether the agent is
 * connected or not. Automatic measures of a pool, such as for an agent that reconnects too often, are not
 * stored.
 */
import { Hold } from "@tutti/contracts/agent/v1";
import {
  AgentHeldV1,
  AgentReleasedV1,
  HoldAgent,
  PoolChanged,
  ReleaseAgent,
} from "@tutti/contracts/swarm/v1";
import { idProblem } from "../../index.ts";
import { nothing } from "../collections.ts";
import { poolErrors } from "../errors.ts";
import { holdsMax, nameLengthMax, textLengthMax } from "../limits.ts";
import { changed, type PoolCommand, type PoolEvent } from "../state.ts";

export const agentHeld: PoolEvent<AgentHeldV1> = {
  type: "agent_held",
  version: 1,
  codec: AgentHeldV1,
  described: true,
  evolve(pool, { agentId, hold, reason, holdMs, cause }) {
    const { holds } = pool;
    const since = changed(pool, holdMs, cause, holds.get(agentId));
    holds.set(agentId, { value: { agentId, hold, reason }, ...since });
  },
};

export const agentReleased: PoolEvent<AgentReleasedV1> = {
  type: "agent_released",
  version: 1,
  codec: AgentReleasedV1,
  described: true,
  evolve(pool, { agentId }) {
    pool.changes += 1;
    pool.holds.delete(agentId);
  },
};

export const holdAgent: PoolCommand<HoldAgent, PoolChanged> = {
  type: "hold_agent",
  codec: HoldAgent,
  reply: PoolChanged,
  decide(pool, { agentId, hold, reason }, step) {
    const problem = idProblem("agent", agentId, nameLengthMax) ?? holdProblem(hold, reason);
    if (problem !== undefined) return poolErrors.invalid.refusal({ problem });
    const found = pool.holds.get(agentId);
    if (found?.value.hold === hold && found.value.reason === reason)
      return { ...nothing, revision: found.revision, existed: true };
    if (found === undefined && pool.holds.size >= holdsMax)
      return poolErrors.full.refusal({ name: "held agent", max: holdsMax });
    step.emit(agentHeld, { agentId, hold, reason, holdMs: step.nowMs, cause: step.cause });
    return { ...nothing, revision: pool.changes };
  },
};

export const releaseAgent: PoolCommand<ReleaseAgent, PoolChanged> = {
  type: "release_agent",
  codec: ReleaseAgent,
  reply: PoolChanged,
  decide(pool, { agentId }, step) {
    if (!pool.holds.has(agentId)) return { ...nothing, revision: pool.changes };
    step.emit(agentReleased, { agentId, releaseMs: step.nowMs });
    return { ...nothing, revision: pool.changes, removed: true };
  },
};

function holdProblem(hold: Hold, reason: string): string | undefined {
  if (hold !== Hold.HOLD_PAUSED && hold !== Hold.HOLD_QUARANTINED)
    return `expected an agent to be paused or quarantined, got neither`;
  if (reason.length <= textLengthMax) return undefined;
  return `expected a reason of at most ${textLengthMax} characters, got ${reason.length}`;
}
