/** Offers as messages of the stream to pools. */
import type { Label } from "@tutti/contracts/agent/v1";
import type { Offer, OfferRequest, OfferProfile as ProfileMessage } from "@tutti/contracts/swarm/v1";
import type { KeyedLimit, LabelSelector } from "@tutti/contracts/types/v1";
import type { Placement, KeyedLimit as PlannedLimit, Selector } from "@tutti/definitions";
import type { OfferEntry } from "./entry.ts";
import { dueMsOf, type OfferedProfile, priorityOf } from "./offered-task.ts";

/** Number of the only pool of a stream. */
const thePool = 1;

interface ProfileOrigin {
  /** Kind of the work: `run`, `mission`. */
  readonly workKind: string;
  readonly namespace: string;
}

export function profileMessage(
  profile: OfferedProfile,
  number: number,
  { workKind, namespace }: ProfileOrigin,
): ProfileMessage {
  const { definition, definitionTask, capability, versionRange, placement, policy, timeouts, isUndo } =
    profile;
  return {
    number,
    pool: thePool,
    namespace,
    workKind,
    definition,
    definitionTask,
    capability,
    versionRange,
    timeouts: { ...timeouts },
    labels: {},
    weight: 0,
    placement: placement === null ? undefined : placementMessage(placement),
    resources: { ...policy.resources },
    // The sender learns estimates. Pools place no attempt by its input.
    estimate: { ...policy.estimate, by: [] },
    mayBeDoubled: policy.mayBeDoubled && !isUndo,
  };
}

function placementMessage({ pool, require, prefer }: Placement): ProfileMessage["placement"] {
  // Only the work knows which agents did other tasks, so each offer states it.
  return {
    pool,
    require: selectorMessage(require),
    prefer: selectorMessage(prefer),
    sameAgentAs: [],
    notAgentOf: [],
    stickyKey: "",
    contextKey: "",
  };
}

function selectorMessage({ equals, exists, absent }: Selector): LabelSelector {
  return { equals: { ...equals }, exists: [...exists], absent: [...absent] };
}

export function offerMessage(
  { bytes, key, effect, cause }: OfferEntry,
  profile: number,
  nowMs: number,
): Offer {
  const { input, details, totalDueMs } = effect;
  const dueMs = dueMsOf(effect);
  return {
    token: bytes,
    profile,
    input:
      input === undefined
        ? undefined
        : input instanceof Uint8Array
          ? { $case: "inlineInput", value: input }
          : { $case: "inputPayload", value: input },
    attempt: effect.attempt,
    priority: priorityOf(effect),
    waitedMs: Math.max(0, nowMs - effect.readyMs),
    workId: key.id,
    taskId: effect.taskId,
    idempotencyKey: details?.idempotencyKey ?? "",
    traceparent: effect.traceparent || (cause?.traceparent ?? ""),
    saved: effect.saved ?? noBytes,
    totalMs: totalDueMs === 0 ? 0 : Math.max(1, totalDueMs - nowMs),
    labels: labelsOf(effect.facts.labels, details?.labels),
    dueMs: dueMs === 0 ? 0 : Math.max(1, dueMs - nowMs),
    limits:
      details === undefined || details.limitKeys.length === 0
        ? noLimits
        : limitsOf(effect.profile, details.limitKeys),
    budget: effect.budget,
    accessToken: "",
    contextKey: details?.contextKey ?? "",
    stickyKey: details?.stickyKey ?? "",
    onlyAgents: effect.onlyAgents as string[],
    notAgents: effect.notAgents as string[],
    share: effect.share && { ...effect.share, reservationIds: [...effect.share.reservationIds] },
    gang: effect.gang && { ...effect.gang },
  };
}

/**
 * An upper bound of the bytes of an encoded request, counted from its long fields. Undefined for a request with more
 * than offers and their profiles.
 */
export function weightOf(request: OfferRequest): number | undefined {
  const { hello, pools, profiles, extensions, waiting, gangOrders } = request;
  const { offers, cancels, priorities, recalls, released } = request;
  if (hello !== undefined || waiting !== undefined) return undefined;
  if (pools.length + profiles.length + extensions.length + gangOrders.length > 0) return undefined;
  let weight =
    64 +
    64 * (priorities.length + recalls.length + released.length) +
    6 * request.resultsDurableBeyond.length;
  for (const { reason } of cancels) weight += 64 + 3 * reason.length;
  for (const offer of offers) {
    if (isLong(offer)) return undefined;
    const { input, saved, workId, taskId, idempotencyKey, traceparent } = offer;
    const texts = workId.length + taskId.length + idempotencyKey.length + traceparent.length;
    weight += 256 + 3 * texts + saved.length + (input?.$case === "inlineInput" ? input.value.length : 0);
  }
  return weight;
}

/** Returns whether an offer has fields that most offers lack. */
function isLong(offer: Offer): boolean {
  const { input, budget, labels, limits, onlyAgents, notAgents, accessToken, contextKey, stickyKey } = offer;
  if ((offer.share ?? offer.gang) !== undefined) return true;
  const lists = labels.length + limits.length + onlyAgents.length + notAgents.length;
  const texts = accessToken.length + contextKey.length + stickyKey.length;
  return lists + texts > 0 || input?.$case === "inputPayload" || budget !== undefined;
}

const noBytes = new Uint8Array(0);
const noLimits: KeyedLimit[] = [];
const noLabels: Label[] = [];

type Labels = Readonly<Record<string, string>>;

/** Returns the labels of the work, overridden by those of the task. */
function labelsOf(work: Labels, task: Labels | undefined): Label[] {
  let labels = noLabels;
  for (const name in work) {
    if (task !== undefined && name in task) continue;
    if (labels === noLabels) labels = [];
    labels.push({ name, value: work[name] ?? "" });
  }
  for (const name in task) {
    if (labels === noLabels) labels = [];
    labels.push({ name, value: task[name] ?? "" });
  }
  return labels;
}

function limitsOf({ policy }: OfferedProfile, keys: readonly string[]): KeyedLimit[] {
  return policy.limits.flatMap((limit, index) => {
    const key = keys[index];
    return key === undefined ? [] : [limitMessage(limit, key)];
  });
}

function limitMessage(
  { concurrency, rateCount, ratePerMs, rateBurst, resources }: PlannedLimit,
  key: string,
): KeyedLimit {
  const rate = rateCount === 0 ? undefined : { count: rateCount, perMs: ratePerMs, burst: rateBurst };
  return { key, maxConcurrent: concurrency, rate, resources: { ...resources } };
}
