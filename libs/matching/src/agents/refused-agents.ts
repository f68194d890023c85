/**
 * Agents that offered what tasks wait for, and were not admitted. So the explanation of a wait does not say
 * that there is no such agent.
 *
 * 1. An agent that is accepted is forgotten here, with any offering.
 * 2. An agent that has not tried for an hour is forgotten, and so is the one with the oldest try if there are
 *    too many.
 */
import type { Offering } from "@tutti/contracts/agent/v1";
import { sentences } from "@tutti/kernel";
import type { Requirements } from "../demand/requirements.ts";
import { isVersion, newestIn } from "../demand/versions.ts";

/** An agent that was not admitted. */
export interface RefusedAgent {
  readonly agentId: string;
  /** Its versions of each capability. */
  readonly versions: ReadonlyMap<string, readonly string[]>;
  /** The reason that it received. */
  readonly reason: string;
  readonly atMs: number;
}

/** Describes these agents, the latest first. At least one. */
export function describeRefused([last, ...others]: readonly RefusedAgent[], offered: string): string {
  const { agentId = "", reason = "" } = last ?? {};
  const agent = agentId === "" ? "an agent without an id" : `the agent ${agentId}`;
  const more =
    ["", "Another agent was refused too."][others.length] ?? `${others.length} others were refused too.`;
  return sentences(`${agent} offered ${offered} and was refused: ${reason}`, more);
}

const rememberedMs = 3_600_000;
const agentsMax = 100;
const capabilitiesMax = 1_000;

export class RefusedAgents {
  /** By agent, the one with the oldest try first. */
  readonly #agents = new Map<string, RefusedAgent>();

  add(
    agentId: string,
    { capabilities }: Pick<Offering, "capabilities">,
    reason: string,
    nowMs: number,
  ): void {
    const versions = new Map<string, string[]>();
    for (const { name, version } of capabilities.slice(0, capabilitiesMax))
      if (isVersion(version)) versions.set(name, [...(versions.get(name) ?? []), version]);
    this.#agents.delete(agentId);
    this.#agents.set(agentId, { agentId, versions, reason, atMs: nowMs });
    for (const [oldest] of this.#agents) {
      if (this.#agents.size <= agentsMax) break;
      this.#agents.delete(oldest);
    }
  }

  readmit(agentId: string): void {
    this.#agents.delete(agentId);
  }

  /** Returns the agents that offer the required capability, the latest first. */
  able(
    { capability, range }: Pick<Requirements, "capability" | "range">,
    nowMs: number,
  ): readonly RefusedAgent[] {
    const found: RefusedAgent[] = [];
    for (const agent of this.#agents.values()) {
      if (nowMs - agent.atMs >= rememberedMs) continue;
      if (newestIn(agent.versions.get(capability) ?? [], range) !== undefined) found.unshift(agent);
    }
    return found;
  }
}
