/**
 * Agents that came with what tasks wait for, and may not offer it: so that the answer to why they wait is not that
 * there is none.
 *
 * 1. An agent that is accepted is forgotten here, with any offering.
 * 2. So is one that has not come for an hour, and the one that came longest ago where there are too many.
 */
import type { Offering } from "@tutti/contracts/agent/v1";
import { sentences } from "@tutti/kernel";
import type { Requirements } from "../demand/requirements.ts";
import { isVersion, newestIn } from "../demand/versions.ts";

/** One of them. */
export interface TurnedAway {
  readonly agentId: string;
  /** Its versions of each capability. */
  readonly versions: ReadonlyMap<string, readonly string[]>;
  /** The reason that it received. */
  readonly why: string;
  readonly atMs: number;
}

/** Describes them, the last one first. At least one. */
export function turnedAwayWords([last, ...others]: readonly TurnedAway[], cameWith: string): string {
  const { agentId = "", why = "" } = last ?? {};
  const who = agentId === "" ? "an agent without an id" : `the agent ${agentId}`;
  const more =
    ["", "Another agent was refused too."][others.length] ?? `${others.length} others were refused too.`;
  return sentences(`${who} came with ${cameWith} and was refused: ${why}`, more);
}

const rememberedMs = 3_600_000;
const agentsMax = 100;
const capabilitiesMax = 1_000;

export class TurnedAwayAgents {
  /** The one that came longest ago first. */
  readonly #agents = new Map<string, TurnedAway>();

  note(agentId: string, { capabilities }: Pick<Offering, "capabilities">, why: string, nowMs: number): void {
    const versions = new Map<string, string[]>();
    for (const { name, version } of capabilities.slice(0, capabilitiesMax))
      if (isVersion(version)) versions.set(name, [...(versions.get(name) ?? []), version]);
    this.#agents.delete(agentId);
    this.#agents.set(agentId, { agentId, versions, why, atMs: nowMs });
    for (const [oldest] of this.#agents) {
      if (this.#agents.size <= agentsMax) break;
      this.#agents.delete(oldest);
    }
  }

  readmit(agentId: string): void {
    this.#agents.delete(agentId);
  }

  /** Those that would do what is wished for, the last one first. */
  able(
    { capability, range }: Pick<Requirements, "capability" | "range">,
    nowMs: number,
  ): readonly TurnedAway[] {
    const found: TurnedAway[] = [];
    for (const agent of this.#agents.values()) {
      if (nowMs - agent.atMs >= rememberedMs) continue;
      if (newestIn(agent.versions.get(capability) ?? [], range) !== undefined) found.unshift(agent);
    }
    return found;
  }
}
