/** Limits that a whole run needs before it starts: which they are, and the messages to them. */

import type { ErrorDetail } from "@tutti/contracts/types/v1";
import { AcquireLimit, type LimitHolder, ReleaseLimit, type RunOrder } from "@tutti/contracts/workflow/v1";
import type { KeyedLimit } from "@tutti/definitions";
import { type Message, stableHash } from "@tutti/kernel";
import { evaluate } from "../evaluate/evaluate.ts";
import type { Scene } from "../evaluate/scene.ts";
import { planOf } from "../plan/plan-of.ts";
import type { RangeView, RunStep, RunView } from "../state/state.ts";

const acquireMessage: Message<AcquireLimit> = { type: "acquire", codec: AcquireLimit };
const releaseMessage: Message<ReleaseLimit> = { type: "release", codec: ReleaseLimit };

const leaseMs = 60_000;

interface RunLimitWanted {
  readonly id: string;
  readonly limit: KeyedLimit;
}

export type LimitsWanted =
  | { readonly ok: true; readonly limits: readonly RunLimitWanted[] }
  | { readonly ok: false; readonly error: ErrorDetail };

const none: LimitsWanted = { ok: true, limits: [] };

/** In the order of their ids, so that no two runs wait for each other. */
export function limitsOf(run: RunView, order: RunOrder): LimitsWanted {
  const plan = run.plan ?? planOf(run.plans, order);
  const { limits } = plan.plan.run;
  if (limits.length === 0) return none;
  const wanted = new Map<string, RunLimitWanted>();
  const scene: Scene = {
    run: { ...run, order, plan } as RunView,
    range: { plan, planPlace: 0, owner: -1, isEntries: false } as unknown as RangeView,
    node: -1,
  };
  for (const limit of limits) {
    const made = evaluate(scene, limit.key, "the key of a limit");
    if (!made.ok) return made;
    const id = limitIdOf(typeof made.value === "string" ? made.value : JSON.stringify(made.value));
    wanted.set(id, { id, limit });
  }
  return { ok: true, limits: [...wanted.values()].sort((one, other) => (one.id < other.id ? -1 : 1)) };
}

const inForm = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/;

/** Keys may be any text. One that is no id is known by its hash. */
export function limitIdOf(key: string): string {
  if (inForm.test(key)) return key;
  return `key.${["a", "b", "c"].map((part) => stableHash(part, key).toString(36)).join("")}`;
}

function holderOf({ key }: RunStep, task: string): LimitHolder {
  return { service: "workflow", kind: "run", id: key.id, task };
}

/** Asks for a limit. It answers by a letter. */
export function acquire(run: RunView, step: RunStep, id: string): void {
  const { order } = run;
  if (order === undefined) return;
  const wanted = limitsOf(run, order as RunOrder);
  sendAcquire(run, step, {
    id,
    limit: wanted.ok ? wanted.limits.find((each) => each.id === id)?.limit : undefined,
  });
}

interface Asked {
  readonly id: string;
  readonly limit: KeyedLimit | undefined;
  /** The task that it is for. Empty for the run. */
  readonly task?: string;
}

export function sendAcquire(run: RunView, step: RunStep, { id, limit, task = "" }: Asked): void {
  const { order } = run;
  if (order === undefined) return;
  const { concurrency = 0, rateCount = 0, ratePerMs = 0, rateBurst = 0 } = limit ?? {};
  const rate = rateCount === 0 ? undefined : { count: rateCount, perMs: ratePerMs, burst: rateBurst };
  step.send(addressOf(step, id), acquireMessage, {
    ...{ holder: holderOf(step, task), weight: 1, priority: run.facts.priority, share: order.definition },
    ...{ shareWeight: 1, deadlineMs: 0, leaseMs, rule: { maxConcurrent: concurrency, rate } },
  });
}

/** Releases the held limits and withdraws the open requests. */
export function releaseLimits(run: RunView, step: RunStep): void {
  for (const { limit } of run.more?.limits ?? []) release(step, limit, 0);
}

export function release(step: RunStep, limit: string, ticket: number, task = ""): void {
  step.send(addressOf(step, limit), releaseMessage, { holder: holderOf(step, task), ticket });
}

function addressOf({ key }: RunStep, id: string) {
  return { service: "workflow", namespace: key.namespace, kind: "limit", id };
}
