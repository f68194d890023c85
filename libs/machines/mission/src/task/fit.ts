/** Whether an agent can do what a task asks for. */
import type { AgentOffering } from "@tutti/contracts/swarm/v1";
import type { LabelSelector } from "@tutti/contracts/types/v1";
import type { ReadOnly } from "@tutti/kernel";
import satisfies from "semver/functions/satisfies.js";
import type { BoardProfile } from "../effects.ts";

interface Offering {
  readonly pool: string;
  readonly offering: ReadOnly<AgentOffering> | undefined;
}

export function isOffered(profile: ReadOnly<BoardProfile>, { pool, offering }: Offering): boolean {
  if (offering === undefined || poolOf(profile.pool) !== poolOf(pool)) return false;
  const { capability, versionRange, placement, policy } = profile;
  const isAble = offering.capabilities.some(
    ({ name, version }) => name === capability && (versionRange === "" || satisfies(version, versionRange)),
  );
  if (!isAble || !labelsFit(offering.labels, placement?.require)) return false;
  return Object.entries(policy.resources).every(
    ([name, wanted]) => (offering.resources[name] ?? 0) >= wanted,
  );
}

function poolOf(pool: string): string {
  return pool === "" ? "default" : pool;
}

export function labelsFit(
  labels: Readonly<Record<string, string>>,
  selector: ReadOnly<Pick<LabelSelector, "equals" | "exists" | "absent">> | undefined,
): boolean {
  if (selector === undefined) return true;
  const { equals, exists, absent } = selector;
  return (
    Object.entries(equals).every(([name, value]) => labels[name] === value) &&
    exists.every((name) => labels[name] !== undefined) &&
    absent.every((name) => labels[name] === undefined)
  );
}
