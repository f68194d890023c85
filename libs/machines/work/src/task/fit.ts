/** Checks whether an agent fits the requirements of a task. */
import type { AgentOffering } from "@tutti/contracts/swarm/v1";
import type { LabelSelector } from "@tutti/contracts/types/v1";
import type { ReadOnly } from "@tutti/kernel";
import satisfies from "semver/functions/satisfies.js";

/** The part of an offer that decides which agents fit. */
export interface OfferedProfile {
  readonly pool: string;
  readonly capability: string;
  readonly versionRange: string;
  readonly placement:
    | { readonly require: ReadOnly<Pick<LabelSelector, "equals" | "exists" | "absent">> | null | undefined }
    | null
    | undefined;
  readonly policy: { readonly resources: Readonly<Record<string, number>> };
}

interface Offering {
  readonly pool: string;
  readonly offering: ReadOnly<AgentOffering> | undefined;
}

export function isOffered(profile: OfferedProfile, { pool, offering }: Offering): boolean {
  if (offering === undefined || poolOf(profile.pool) !== poolOf(pool)) return false;
  const { capability, versionRange, placement, policy } = profile;
  const isAble = offering.capabilities.some(
    ({ name, version }) => name === capability && (versionRange === "" || satisfies(version, versionRange)),
  );
  if (!isAble || !labelsFit(offering.labels, placement?.require ?? undefined)) return false;
  return Object.entries(policy.resources).every(
    ([name, required]) => (offering.resources[name] ?? 0) >= required,
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
