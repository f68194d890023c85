/**
 * Reuse of outputs. A run sends a message to the cache entry before it offers a task, and another when the
 * task has an output. The task waits for the reply for a limited time, and is then executed anyway. If this
 * process has the entry with a fresh output in memory, the task completes with it in the same step.
 */
import { createHash } from "node:crypto";
import { type ErrorDetail, type Payload, TaskStatus } from "@tutti/contracts/types/v1";
import {
  AskCache,
  type CacheFacts,
  CacheMiss,
  CacheMissReason,
  ForgetOutput,
  type OfferDetails,
  ReportComputing,
  StoreOutput,
} from "@tutti/contracts/workflow/v1";
import { canonical, type PlanTask } from "@tutti/definitions";
import type { Message, ReadOnly } from "@tutti/kernel";
import { asPayload, bytesOf, type Data, dataOfPayload } from "@tutti/machine-work";
import { attemptQueued } from "../../core/attempt/events.ts";
import { type AttemptReport, complete } from "../../core/attempt/outcome.ts";
import { following } from "../../core/evaluate/evaluate.ts";
import { isShortFor, reservedFor } from "../../core/node/budget.ts";
import { taskHeld } from "../../core/node/events.ts";
import { idOf, type Place, sceneOf } from "../../core/node/task-kind.ts";
import { chosenWork } from "../../core/plan/offer-profile.ts";
import type { CachedOutput } from "../../core/plan/run-plan.ts";
import { behaviours } from "../../core/state/behaviours.ts";
import { attemptOf, nodeOfTask, rangeViewOf } from "../../core/state/places.ts";
import type { NodeView, RangeView, RunView } from "../../core/state/state.ts";
import { answerMs, cacheAsked, cacheAwaited } from "./events.ts";

const askMessage: Message<AskCache> = { type: "ask_cache", codec: AskCache };
const reportMessage: Message<ReportComputing> = { type: "report_computing", codec: ReportComputing };
const storeMessage: Message<StoreOutput> = { type: "store_output", codec: StoreOutput };
const forgetMessage: Message<ForgetOutput> = { type: "forget_output", codec: ForgetOutput };

/**
 * Takes the output from the cache, or requests it there, if the task uses one. False if the task must be
 * executed immediately.
 * Work that was sent back is always executed.
 */
export function requestOutput(place: Place, input: Uint8Array, details: OfferDetails | undefined): boolean {
  const { run, step, number, range, task } = place;
  const node = run.nodes[number];
  const { cache } = range.plan.policy(task);
  if (cache === null || node?.more?.review?.feedback !== undefined) return false;
  const { auto = false } = cache;
  // A process of an earlier release would reuse outputs that were not confirmed to be equal.
  if (auto && step.behaviour < behaviours.comparesOutputs) return false;
  const worksOn = input.length > 0 ? input : following(sceneOf(place), task.input);
  const key = entryIdOf(range, task, details, worksOn);
  step.emit(cacheAsked, { node: number, key, dueMs: step.nowMs + answerMs, input, details });
  const found = auto ? undefined : foundHere(place, key);
  if (found === undefined || found.isUseDue) ask(place, key, details, found === undefined && mayWait(place));
  if (found !== undefined) {
    const output = dataOfPayload(found.output);
    place.budget.spend(bytesOf(output).length);
    complete(place, output, { fromCache: true });
  }
  return true;
}

/**
 * Returns the output of an entry in memory of this process. None for a task that is started again: the run may have
 * sent the entry a message to forget it.
 */
function foundHere({ run, step, number }: Place, key: string): CachedOutput | undefined {
  if (isRevisited(run, number)) return undefined;
  return run.plans.outputs?.find({ namespace: step.key.namespace, kind: "cache", id: key }, step.nowMs);
}

/** Sends the request again after a reset: the reply to the earlier request does not count. */
export function requestAgain(place: Place): void {
  const { run, step, number } = place;
  const node = run.nodes[number];
  if (node === undefined || !isAwaitingCache(node) || !mayWait(place)) return;
  step.emit(cacheAwaited, { node: number, dueMs: step.nowMs + answerMs });
  ask(place, node.more?.cacheKey ?? "", node.more?.details, true);
}

function ask(place: Place, key: string, details: ReadOnly<OfferDetails> | undefined, waits: boolean): void {
  const { run, step, number, range, task } = place;
  step.send(addressOf(place, key), askMessage, {
    runId: step.key.id,
    taskId: idOf(place),
    visit: visitNumberOf(run, number),
    waits,
    facts: factsOf(place, details),
    auto: range.plan.policy(task).cache?.auto ?? false,
    // A retried task must run.
    ignoresFailure: isRevisited(run, number),
  });
}

function isRevisited(run: RunView, number: number): boolean {
  return (run.nodes[number]?.visit ?? 0) > 1;
}

/**
 * Returns a number that also differs from that of the same visit before a reset: that visit may have
 * requested another entry.
 */
export function visitNumberOf(run: RunView, number: number): number {
  const { resets = 0 } = run.more ?? {};
  return (resets % numbersMax) * numbersMax + ((run.nodes[number]?.visit ?? 0) % numbersMax);
}

const numbersMax = 65_536;

/** Executes the task if there is no output, or none is reported in time. `cacheMiss` is the reason. */
export function executeDirectly(place: Place, cacheMiss: CacheMiss | undefined): void {
  const { run, step, number } = place;
  if (run.pauseMs > 0 || isShortFor(place)) {
    step.emit(taskHeld, { node: number, cacheMiss });
    return;
  }
  const attempt = attemptOf(run, number) + 1;
  const reserved = reservedFor(place);
  step.emit(attemptQueued, { node: number, attempt, queueMs: step.nowMs, reserved, cacheMiss });
}

export const noReply: CacheMiss = CacheMiss.fromPartial({
  reason: CacheMissReason.CACHE_MISS_REASON_NO_REPLY,
});

/** The worker, and the running time of its attempt: a wait for a worker does not predict the next computation. */
type Computed = Pick<AttemptReport, "agent" | "runMs">;

const computedBy = ({ agent = "", runMs = 0 }: Computed) => ({ agent, computeMs: runMs });

/** Sends the output of the task to the cache for others. */
export function storeOutput(place: Place, output: Data | undefined, by: Computed): void {
  const { cache } = place.range.plan.policy(place.task);
  if (cache === null) return;
  const payload: Payload | undefined = asPayload(output);
  const { ttlMs, staleMs = 0 } = cache;
  store(place, { output: payload, error: undefined, ttlMs, staleMs, ...computedBy(by) });
}

/** Reports the failure of the task: the waiting tasks share it, or one of them computes the output. */
export function releaseWaiters(place: Place, error: ErrorDetail, by: Computed): void {
  const { run, step, number, range, task } = place;
  const key = run.nodes[number]?.more?.cacheKey ?? "";
  if (key === "" || !mayWait(place)) return;
  const { failuresMs = 0 } = range.plan.policy(task).cache ?? {};
  if (failuresMs > 0) {
    store(place, { output: undefined, error, ttlMs: failuresMs, staleMs: 0, ...computedBy(by) });
    return;
  }
  const asker = { runId: step.key.id, taskId: idOf(place), visit: visitNumberOf(run, number) };
  step.send(addressOf(place, key), reportMessage, { ...asker, computing: false });
}

/** A worker cannot read the input of a task: the cache forgets the outputs that it comes from. */
export function forgetUnreadable(place: Place, error: ErrorDetail): void {
  for (const source of unreadableSources(place.run, place.number, error)) {
    const key = place.run.nodes[source]?.more?.cacheKey ?? "";
    place.step.send(addressOf(place, key), forgetMessage, { evictStoreMs: 0, unreadable: true });
  }
}

/** The cached tasks whose stored output may be the one that a task could not read. They are to compute it again. */
export function unreadableSources(run: RunView, number: number, error: ReadOnly<ErrorDetail>): number[] {
  if (error.code !== unreadableCode) return [];
  const range = rangeViewOf(run, number);
  const sources = range.isEntries
    ? cachedSources(run, rangeViewOf(run, range.owner), range.owner)
    : cachedSources(run, range, number);
  return sources.filter((source) => {
    const output = run.nodes[source]?.output;
    return !(output instanceof Uint8Array) && output?.body?.$case === "blob";
  });
}

/** The code of both SDKs. */
const unreadableCode = "sdk.data_unreadable";

function store(
  place: Place,
  fields: Pick<StoreOutput, "output" | "error" | "ttlMs" | "staleMs" | "agent" | "computeMs">,
): void {
  const { run, step, number } = place;
  const node = run.nodes[number];
  const key = node?.more?.cacheKey ?? "";
  if (node === undefined || key === "") return;
  step.send(addressOf(place, key), storeMessage, {
    ...fields,
    runId: step.key.id,
    taskId: idOf(place),
    startMs: run.createMs + Math.max(0, node.queueAt),
    facts: factsOf(place, node.more?.details),
    auto: place.range.plan.policy(place.task).cache?.auto ?? false,
  });
}

/** Facts by which an output is found. */
function factsOf(place: Place, details: ReadOnly<OfferDetails> | undefined): CacheFacts {
  const { cacheTags: tags = [], capability: choice = 0 } = details ?? {};
  const { capability, versionRange } = usedBy(place.range, place.task, choice);
  return {
    capability: versionRange === "" ? capability : `${capability}@${versionRange}`,
    tags: [...tags],
    sources: sourcesOf(place),
    workflow: place.run.order?.definition ?? "",
  };
}

/** Entries of the nearest cached tasks that a task needs. An output without a cache is computed from theirs. */
function sourcesOf(place: Place): string[] {
  if (place.range.isEntries || place.range.plan.policy(place.task).cache === null) return [];
  const { run, range, number } = place;
  const keys = cachedSources(run, range, number).map((source) => run.nodes[source]?.more?.cacheKey ?? "");
  return [...new Set(keys)];
}

/** Nodes of the nearest cached tasks that a task needs. */
function cachedSources(run: RunView, range: RangeView, number: number): number[] {
  const { offsets, sources } = range.plan.predecessors;
  const found: number[] = [];
  const visited = new Set<number>();
  const next = [range.firstTask + number - range.first];
  for (let task = next.pop(); task !== undefined && found.length < sourcesMax; task = next.pop())
    for (let at = offsets[task] ?? 0; at < (offsets[task + 1] ?? 0); at++) {
      const source = sources[at] ?? 0;
      if (visited.has(source) || visited.size >= visitedMax) continue;
      visited.add(source);
      const node = nodeOfTask(range, source);
      if ((run.nodes[node]?.more?.cacheKey ?? "") === "") next.push(source);
      else found.push(node);
    }
  return found;
}

const sourcesMax = 16;
/** Maximum number of tasks that are read: a step stays small in a large plan. */
const visitedMax = 256;

/**
 * Returns whether the task of a visit computes the output of an entry: it has an attempt, or another one is
 * due.
 */
export function isComputing(run: RunView, number: number, visit: number, key: string): boolean {
  const node = run.nodes[number];
  if (node === undefined || node.more?.cacheKey !== key || visitNumberOf(run, number) !== visit) return false;
  return computingStatuses.has(node.status);
}

const computingStatuses: ReadonlySet<TaskStatus> = new Set([
  TaskStatus.TASK_STATUS_QUEUED,
  TaskStatus.TASK_STATUS_RUNNING,
  TaskStatus.TASK_STATUS_RETRYING,
]);

function mayWait({ step }: Place): boolean {
  return step.behaviour >= behaviours.awaitsCache;
}

function addressOf({ step }: Place, id: string) {
  return { service: "workflow", namespace: step.key.namespace, kind: "cache", id };
}

/**
 * Returns whether a node waits for the cache. False while people are asked about the output: then it is
 * computed already.
 */
export function isAwaitingCache({ status, more }: Pick<NodeView, "status" | "more">): boolean {
  if (status !== TaskStatus.TASK_STATUS_WAITING || more === undefined) return false;
  return more.cacheKey !== "" && more.question === undefined;
}

/**
 * Returns the id of the entry for a task: tasks that use the same capability with the same key share one.
 * Default for the key: the input of the task.
 */
function entryIdOf(
  range: RangeView,
  task: PlanTask,
  details: OfferDetails | undefined,
  input: Data | undefined,
): string {
  const { cacheKey: key = "", capability: choice = 0 } = details ?? {};
  const hash = createHash("sha256");
  const { capability, versionRange } = usedBy(range, task, choice);
  const uses = capability === "" ? "" : `${capability}@${versionRange}`;
  hash.update(JSON.stringify([uses, key]));
  if (key !== "") return hash.digest("hex");
  if (input instanceof Uint8Array) hash.update(canonicalBytes(input));
  else if (input?.body?.$case === "blob") hash.update(input.body.value.sha256).update(input.mediaType);
  else if (input?.body !== undefined) hash.update(input.body.value).update(input.mediaType);
  return hash.digest("hex");
}

function usedBy(range: RangeView, task: PlanTask, choice: number) {
  const work = range.plan.work(task);
  return work.kind === "uses" ? chosenWork(work, choice) : { capability: "", versionRange: "" };
}

/** Equal values have equal texts: keys in order, numbers as JavaScript writes them. Other bytes stay as they are. */
function canonicalBytes(input: Uint8Array): Uint8Array | string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(input);
    // Different numbers of this many digits may be one number in JavaScript.
    if (/[\d.]{16,}|\d[eE][+-]?\d/.test(text)) return input;
    return JSON.stringify(canonical(JSON.parse(text)));
  } catch {
    return input;
  }
}
