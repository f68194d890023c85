/**
 * Agents that were refused as participants of a mission. They explain why its tasks wait. They are kept in
 * memory with the mission: after a move, a returning agent is refused again by the new owner.
 */
import type { Offering } from "@tutti/contracts/agent/v1";
import type { BoardTask } from "@tutti/contracts/swarm/v1";
import { Explanation, WaitCause } from "@tutti/contracts/types/v1";
import { type InstanceKey, type TuttiError, textOf } from "@tutti/kernel";
import { describeRefused, RefusedAgents } from "@tutti/matching";

const missionsMax = 1_000;

export interface RefusedJoin {
  readonly agentId: string;
  /** Undefined if it stated none, or was refused before that. */
  readonly offering: Offering | undefined;
}

export class RefusedJoins {
  readonly #nowMs: () => number;
  /** The oldest entry first. */
  readonly #missions = new Map<string, RefusedAgents>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  record(mission: InstanceKey, { agentId, offering }: RefusedJoin, { message }: TuttiError): void {
    const text = textOf(mission);
    const agents = this.#missions.get(text) ?? new RefusedAgents();
    this.#missions.delete(text);
    this.#missions.set(text, agents);
    for (const [oldest] of this.#missions) {
      if (this.#missions.size <= missionsMax) break;
      this.#missions.delete(oldest);
    }
    agents.add(agentId, offering ?? { capabilities: [] }, message, this.#nowMs());
  }

  joined(mission: InstanceKey, agentId: string): void {
    this.#missions.get(textOf(mission))?.readmit(agentId);
  }

  /** Returns why a task waits if a suitable agent may not take part. */
  explain(mission: InstanceKey, { spec }: Pick<BoardTask, "spec">): Explanation | undefined {
    const agents = this.#missions.get(textOf(mission));
    if (agents === undefined || spec?.work?.$case !== "capability") return undefined;
    const capability = spec.work.value;
    const able = agents.able({ capability, range: spec.versionRange }, this.#nowMs());
    if (able.length === 0) return undefined;
    const message = describeRefused(able, capability);
    return Explanation.fromPartial({
      summary: message,
      waits: [{ cause: WaitCause.WAIT_CAUSE_POLICY, message, subject: capability, present: true }],
      remedies: [{ text: `allow ${able[0]?.agentId} to join the mission, and start it again` }],
    });
  }
}
