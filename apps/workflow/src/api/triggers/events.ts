/** Events for triggers: posted, replayed from the log, and delivered again. */
import {
  GetRunRequest,
  type PublishEventsReply,
  type PublishEventsRequest,
  type ReplayEventsReply,
  type ReplayEventsRequest,
  type RetryDeadLettersReply,
  type RetryDeadLettersRequest,
  type TriggerItem,
} from "@tutti/contracts/workflow/v1";
import { execute, query } from "@tutti/host/serving";
import { type CallContext, errorFromUnknown, fromTimestamp, sleep } from "@tutti/kernel";
import {
  deadLetters,
  deadMax,
  isCollecting,
  isStarting,
  policyOf,
  receive,
  removeDeadLetters,
  runIdOf,
} from "@tutti/machine-trigger";
import { concerning } from "../../triggers/deliveries.ts";
import { eventJsonOf, postedEvent, ReadEvent } from "../../triggers/events.ts";
import { itemOf, Matching } from "../../triggers/matching.ts";
import { readPast } from "../../triggers/past-events.ts";
import { keyOf, type TriggerDependencies, triggerNamed } from "./dependencies.ts";
import { typesMatcher } from "./dry-run.ts";
import { deadLetterOf, planOf } from "./messages.ts";

/**
 * Delivers events to triggers and runs of this process before the bus has them. The caller gets the answer
 * when all have them. A caller without an answer posts an event again, and it counts once.
 */
export async function publishEvents(
  { deliveries, waits, bus, foundation }: TriggerDependencies,
  { events }: PublishEventsRequest,
  { namespace }: CallContext,
): Promise<PublishEventsReply> {
  const nowMs = foundation.clock.now();
  const posted = events.map((event) => postedEvent(event, namespace, nowMs));
  const delivered = await deliveries.deliver(posted);
  await waits.deliver(posted);
  await bus.publish(posted);
  return { events: posted.length, ...delivered };
}

/** Maximum of events in flight to the trigger. */
const openMax = 1_000;

export async function replayEvents(
  dependencies: TriggerDependencies,
  { triggerId, span }: ReplayEventsRequest,
  context: CallContext,
): Promise<ReplayEventsReply> {
  const { namespace } = context;
  const { trigger } = await dependencies.triggers.getTrigger({ namespace, triggerId }, { context });
  const matching = new Matching(
    planOf(trigger ?? (await triggerNamed(dependencies, triggerId, context))),
    triggerId,
  );
  const isOfType = typesMatcher(matching, namespace);
  const fromMs = span?.from === undefined ? 0 : fromTimestamp(span.from);
  const toMs = span?.to === undefined ? Number.POSITIVE_INFINITY : fromTimestamp(span.to);
  const to = { namespace, id: triggerId, matching };
  let events = 0;
  const items: TriggerItem[] = [];
  const collect = (event: ReadEvent["event"]) => {
    if (event.timeMs < fromMs || event.timeMs >= toMs || !isOfType(event)) return;
    const read = new ReadEvent(event);
    if (!matching.isOfSource(read.json)) return;
    events++;
    const item = concerning(to, read);
    if (item !== undefined) items.push(item);
  };
  await readPast(dependencies.bus, namespace, collect, context.signal);
  let duplicates = 0;
  const hasRun = runLookup(dependencies, to, context);
  for (let at = 0; at < items.length; at += openMax) {
    const some = items.slice(at, at + openMax);
    // Looked up before the delivery, which starts the others.
    const existed = await Promise.all(some.map(hasRun));
    const seen = await Promise.all(some.map((item) => dependencies.deliveries.enqueue(to, item)));
    duplicates += seen.filter((isSeen, place) => isSeen || existed[place]).length;
  }
  return { events, matched: items.length, duplicates };
}

/** Returns a function that tells whether the run of an event exists, or an earlier call was for the same run. */
function runLookup(
  { runs }: Pick<TriggerDependencies, "runs">,
  { id, matching: { plan } }: { readonly id: string; readonly matching: Matching },
  context: CallContext,
): (item: TriggerItem) => Promise<boolean> {
  const policy = policyOf(plan);
  // Signals and collected events have an effect on a run that exists.
  const isOfRun = policy.signal === "" && !isCollecting(policy);
  const { namespace } = context;
  const requested = new Set<string>();
  return async (item) => {
    if (!isOfRun || item.code !== "") return false;
    const runId = runIdOf({ plan }, item, id);
    if (requested.has(runId)) return true;
    requested.add(runId);
    try {
      await runs.getRun(GetRunRequest.fromPartial({ namespace, runId }), { context });
      return true;
    } catch (error) {
      if (errorFromUnknown(error).status !== "NOT_FOUND") throw error;
      return false;
    }
  };
}

/** Delivers dead letters again to the present trigger, which may have been corrected. */
export async function retryDeadLetters(
  dependencies: TriggerDependencies,
  { triggerId, numbers, reason }: RetryDeadLettersRequest,
  context: CallContext,
): Promise<RetryDeadLettersReply> {
  const key = keyOf(context.namespace, triggerId);
  const body = { after: 0, size: deadMax, numbers: [] };
  const known = await query(dependencies, key, { query: deadLetters, body }, context);
  const found = numbers.length === 0 ? known : known.filter(({ number }) => numbers.includes(number));
  if (found.length === 0) return { count: 0, failed: [] };
  const matching = new Matching(planOf(await triggerNamed(dependencies, triggerId, context)), triggerId);
  const items = found.flatMap(({ item }) => {
    if (item === undefined) return [];
    const event = eventJsonOf(item.event);
    return itemOf(matching.outcomeOf(event), event, item.event) ?? [];
  });
  // Delivered before they are removed: after a crash in between, they are delivered twice and count once.
  const delivery = { command: receive, body: { items }, reason, idempotencyKey: "" };
  await execute(dependencies, key, delivery, context);
  const retried = new Set(items.map(({ eventDigest }) => eventDigest));
  const removed = {
    command: removeDeadLetters,
    body: { numbers: found.map(({ number }) => number) },
    reason,
  };
  const { count } = await execute(dependencies, key, { ...removed, idempotencyKey: "" }, context);
  await startsEnded(dependencies, triggerId, retried, context);
  const after = Math.max(...known.map(({ number }) => number));
  const dead = await query(dependencies, key, { query: deadLetters, body: { ...body, after } }, context);
  const failed = dead.filter(({ item }) => retried.has(item?.eventDigest ?? "")).map(deadLetterOf);
  return { count, failed };
}

const pollMs = 50;
/** A start takes milliseconds. It takes longer only while the owner of its run does not answer. */
const startsMs = 5_000;

/** Waits until runs of these events are started or have failed, for a limited time. */
async function startsEnded(
  dependencies: TriggerDependencies,
  triggerId: string,
  eventDigests: ReadonlySet<string>,
  context: CallContext,
): Promise<void> {
  const { clock, timers } = dependencies.foundation;
  const key = keyOf(context.namespace, triggerId);
  const untilMs = clock.now() + startsMs;
  while (clock.now() < untilMs && !context.signal.aborted) {
    if (!(await query(dependencies, key, { query: isStarting, body: eventDigests }, context))) return;
    await sleep(timers, pollMs, context.signal).catch(() => {});
  }
}
