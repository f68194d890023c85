/**
 * Limits that a whole run needs before it starts, and the messages to them. A keyed object counts as one of
 * them: its run acquires and releases it like a limit.
 */

import { type ErrorDetail, WorkStatus } from "@tutti/contracts/types/v1";
import {
  AcquireLimit,
  AcquireObject,
  ChangeObject,
  type LimitHolder,
  type ObjectEntry,
  ReleaseLimit,
  ReleaseObject,
  type RunLimit,
  type RunOrder,
} from "@tutti/contracts/workflow/v1";
import type { KeyedLimit, ObjectPolicy } from "@tutti/definitions";
import { textOfJson } from "@tutti/expressions";
import { idOfKey, type Message, type ReadOnly } from "@tutti/kernel";
import { objectIdOf } from "@tutti/machine-work";
import { evaluate, evaluateCondition } from "../evaluate/evaluate.ts";
import type { Scene } from "../evaluate/scene.ts";
import { planOf } from "../plan/plan-of.ts";
import { type RangeView, type RunStep, type RunView, statusOf } from "../state/state.ts";

const acquireMessage: Message<AcquireLimit> = { type: "acquire", codec: AcquireLimit };
const releaseMessage: Message<ReleaseLimit> = { type: "release", codec: ReleaseLimit };
const acquireObject: Message<AcquireObject> = { type: "acquire_object", codec: AcquireObject };
const changeObject: Message<ChangeObject> = { type: "change_object", codec: ChangeObject };
const releaseObject: Message<ReleaseObject> = { type: "release_object", codec: ReleaseObject };

const leaseMs = 60_000;
/** Maximum length of a key that its limit shows in place of its id. */
const nameLengthMax = 200;

/** Ticket of every call that only reads. */
const readerTicket = 0xffff_ffff;

interface RequiredLimit {
  readonly id: string;
  /** Key as computed by its expression. */
  readonly text?: string;
  readonly limit: KeyedLimit | undefined;
  /** Call of the keyed object that this run is. Undefined for limits. */
  readonly object?: RequiredObject;
}

type RequiredObject = Omit<AcquireObject, "holder">;

export type RequiredLimits =
  | { readonly ok: true; readonly limits: readonly RequiredLimit[] }
  | { readonly ok: false; readonly error: ErrorDetail };

const noLimits: RequiredLimits = { ok: true, limits: [] };

/** Returns the limits in the order of their ids, so that no two runs wait for each other. */
export function limitsOf(run: RunView, order: RunOrder): RequiredLimits {
  const plan = run.plan ?? planOf(run.plans, order);
  const { limits, object } = plan.plan.run;
  if (limits.length === 0 && object === undefined) return noLimits;
  const required = new Map<string, RequiredLimit>();
  const scene: Scene = {
    run: { ...run, order, plan } as RunView,
    range: { plan, planPlace: 0, owner: -1, isEntries: false } as unknown as RangeView,
    node: -1,
  };
  for (const limit of limits) {
    const result = evaluate(scene, limit.key, "the key of a limit");
    if (!result.ok) return result;
    const text = textOfJson(result.value);
    const id = idOfKey(text);
    required.set(id, { id, text, limit });
  }
  if (object !== undefined) {
    const result = requiredObject(scene, plan.plan.name, object);
    if (!result.ok) return result;
    const id = `${objectPrefix}${objectIdOf(result.object.name, result.object.key)}`;
    required.set(id, { id, limit: undefined, object: result.object });
  }
  return { ok: true, limits: [...required.values()].sort((one, other) => (one.id < other.id ? -1 : 1)) };
}

/** Prefix of the ids of objects. No id of a limit has a slash. */
const objectPrefix = "object/";

function requiredObject(
  scene: Scene,
  name: string,
  { key, reader, call }: ObjectPolicy,
):
  | { readonly ok: true; readonly object: RequiredObject }
  | { readonly ok: false; readonly error: ErrorDetail } {
  const result = evaluate(scene, key, "`object.key`");
  if (!result.ok) return result;
  const called = call < 0 ? undefined : evaluate(scene, call, "`object.call`");
  if (called?.ok === false) return called;
  const reads = reader < 0 ? undefined : evaluateCondition(scene, reader, "`object.reader`");
  if (reads?.ok === false) return reads;
  const object = {
    name,
    key: textOfJson(result.value),
    call: textOfJson(called?.value ?? ""),
    reader: reads?.value ?? false,
  };
  return { ok: true, object };
}

/** Returns the keyed object that a run holds. Undefined if the run is no call, or still waits. */
export function heldObject({ more }: RunView): ReadOnly<RunLimit> | undefined {
  return more?.limits.find(({ limit, ticket }) => ticket > 0 && limit.startsWith(objectPrefix));
}

export function isReader({ ticket }: ReadOnly<RunLimit>): boolean {
  return ticket === readerTicket;
}

/** Sends the values that a step has set, together with the step. */
export function sendChange(
  step: RunStep,
  { limit, ticket }: ReadOnly<RunLimit>,
  entries: ObjectEntry[],
): void {
  step.send(addressOf(step, limit), changeObject, { holder: holderOf(step, ""), ticket, entries });
}

/**
 * Returns the limit or object that a run waits for, in the words of its definition, and the command that
 * shows its holder.
 */
export function describeLimit(
  run: RunView,
  id: string,
): { readonly description: string; readonly command: string } {
  const all = limitsOf(run, run.order as RunOrder);
  const { object, text = id } = (all.ok && all.limits.find((each) => each.id === id)) || {};
  if (object === undefined)
    return { description: `the limit ${text}`, command: `tutti limit show ${shellArgument(text, id)}` };
  const { name, key } = object;
  return { description: `the object ${name} ${key}`, command: `tutti object show ${name} ${key}` };
}

/** Returns the key in quotes, if that is safe in a shell. Otherwise the id. */
function shellArgument(text: string, id: string): string {
  return isName(text, id) && /^[^'!\p{C}]+$/u.test(text) ? `'${text}'` : id;
}

function holderOf({ key }: RunStep, task: string): LimitHolder {
  return { service: "workflow", kind: "run", id: key.id, task };
}

/** Requests a limit. The limit replies by a message. */
export function acquire(run: RunView, step: RunStep, id: string): void {
  const { order } = run;
  if (order === undefined) return;
  const all = limitsOf(run, order as RunOrder);
  const required = all.ok ? all.limits.find((each) => each.id === id) : undefined;
  if (required?.object === undefined)
    sendAcquire(run, step, { id, limit: required?.limit, key: required?.text });
  else step.send(addressOf(step, id), acquireObject, { holder: holderOf(step, ""), ...required.object });
}

interface LimitRequest {
  readonly id: string;
  readonly limit: KeyedLimit | undefined;
  /** Key as computed by its expression. */
  readonly key: string | undefined;
  /** Task that needs the limit. Empty for the run. */
  readonly task?: string;
}

export function sendAcquire(run: RunView, step: RunStep, { id, limit, key, task = "" }: LimitRequest): void {
  const { order } = run;
  if (order === undefined) return;
  const { concurrency = 0, rateCount = 0, ratePerMs = 0, rateBurst = 0 } = limit ?? {};
  const rate = rateCount === 0 ? undefined : { count: rateCount, perMs: ratePerMs, burst: rateBurst };
  step.send(addressOf(step, id), acquireMessage, {
    holder: holderOf(step, task),
    weight: 1,
    priority: run.facts.priority,
    share: order.definition,
    shareWeight: 1,
    deadlineMs: 0,
    leaseMs,
    rule: { maxConcurrent: concurrency, rate },
    ...(isName(key, id) && { name: key }),
  });
}

/** An id is not shown as the name of itself, and a long text is shown as its id. */
function isName(key: string | undefined, id: string): key is string {
  return key !== undefined && key !== id && key.length <= nameLengthMax;
}

/** Releases the held limits and withdraws the open requests. */
export function releaseLimits(run: RunView, step: RunStep): void {
  for (const { limit } of run.more?.limits ?? []) release(step, limit, 0, "", statusOf(run));
}

export function release(
  step: RunStep,
  limit: string,
  ticket: number,
  task = "",
  status: WorkStatus = WorkStatus.WORK_STATUS_UNSPECIFIED,
): void {
  const to = addressOf(step, limit);
  const holder = holderOf(step, task);
  if (to.kind === "object") step.send(to, releaseObject, { holder, ticket, status });
  else step.send(to, releaseMessage, { holder, ticket });
}

function addressOf({ key }: RunStep, id: string) {
  const [kind, name] = id.startsWith(objectPrefix)
    ? ["object", id.slice(objectPrefix.length)]
    : ["limit", id];
  return { service: "workflow", namespace: key.namespace, kind, id: name };
}
