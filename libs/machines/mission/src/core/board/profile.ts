/** Data that tasks with different inputs share: one object for all of them. */
import type { LabelSelector, TaskSpec } from "@tutti/contracts/types/v1";
import type { BoardProfile } from "../state/effects.ts";

/** The latest profiles: the sender numbers them, and identifies them by the object. */
const profilesMax = 4_096;
const profiles = new Map<string, BoardProfile>();

export interface ProfileOrigin {
  readonly pool: string;
  readonly definition: string;
}

/** Returns the profile. Undefined for the task of a child. */
export function profileOf(spec: TaskSpec, { pool, definition }: ProfileOrigin): BoardProfile | undefined {
  if (spec.work?.$case !== "capability") return undefined;
  const { placement, timeouts, estimate, priority, mayBeDoubled, versionRange, limits, resources } = spec;
  const profile: BoardProfile = {
    pool: placement?.pool || pool,
    definition,
    definitionTask: definition === "" ? "" : spec.id,
    capability: spec.work.value,
    versionRange,
    timeouts: {
      queueMs: timeouts?.queueMs ?? 0,
      runMs: timeouts?.runMs ?? 0,
      heartbeatMs: timeouts?.heartbeatMs ?? 0,
      totalMs: timeouts?.totalMs ?? 0,
    },
    placement:
      placement === undefined
        ? null
        : {
            pool: placement.pool,
            require: selectorOf(placement.require),
            prefer: selectorOf(placement.prefer),
            sameAgentAs: [],
            notAgentOf: [],
            stickyKey: -1,
            contextKey: -1,
          },
    policy: {
      priority,
      resources: { ...resources },
      estimate: {
        durationMs: estimate?.durationMs ?? 0,
        money: estimate?.money ?? 0,
        tokens: estimate?.tokens ?? 0,
        ...(estimate !== undefined && estimate.by.length > 0 && { by: [...estimate.by] }),
      },
      limits: limits.map(({ maxConcurrent, rate, resources: amounts }) => ({
        key: -1,
        concurrency: maxConcurrent,
        rateCount: rate?.count ?? 0,
        ratePerMs: rate?.perMs ?? 0,
        rateBurst: rate?.burst ?? 0,
        ...(Object.keys(amounts).length > 0 && { resources: { ...amounts } }),
      })),
      mayBeDoubled,
    },
    isUndo: false,
  };
  const key = JSON.stringify(profile);
  const known = profiles.get(key);
  if (known !== undefined) return known;
  if (profiles.size >= profilesMax) profiles.delete(profiles.keys().next().value as string);
  profiles.set(key, profile);
  return profile;
}

function selectorOf(selector: LabelSelector | undefined) {
  const { equals = {}, exists = [], absent = [] } = selector ?? {};
  return { equals: { ...equals }, exists: [...exists], absent: [...absent] };
}
