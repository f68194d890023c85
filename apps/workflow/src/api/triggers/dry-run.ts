/** Tests a trigger with an event, without starting anything. */
import { type BusEvent, matcherOf } from "@tutti/bus";
import { type TestTriggerReply, type TestTriggerRequest, Trigger } from "@tutti/contracts/workflow/v1";
import { writeExactly } from "@tutti/expressions";
import type { CallContext } from "@tutti/kernel";
import { cloudEventMessage, postedEvent, ReadEvent } from "../../triggers/events.ts";
import { Matching } from "../../triggers/matching.ts";
import { readPast } from "../../triggers/past-events.ts";
import type { TriggerDependencies } from "./dependencies.ts";
import { inline, planOf } from "./messages.ts";

export async function testTrigger(
  dependencies: TriggerDependencies,
  { triggerId, trigger: draft, event }: TestTriggerRequest,
  context: CallContext,
): Promise<TestTriggerReply> {
  const { namespace } = context;
  const trigger =
    draft ?? (await dependencies.triggers.getTrigger({ namespace, triggerId }, { context })).trigger;
  const matching = new Matching(planOf(trigger ?? Trigger.create()), trigger?.triggerId ?? triggerId);
  const isOfType = typesMatcher(matching, namespace);
  const nowMs = dependencies.foundation.clock.now();
  const tested =
    event === undefined
      ? await newestOf(dependencies, matching, isOfType, context)
      : postedEvent(event, namespace, nowMs);
  const nothing = {
    ofSource: false,
    matched: false,
    key: "",
    group: "",
    runId: "",
    input: undefined,
    problem: "",
  };
  if (tested === undefined) return { event: undefined, ...nothing };
  const { json } = new ReadEvent(tested);
  const base = { event: cloudEventMessage(json) };
  if (!isOfType(tested) || !matching.isOfSource(json)) return { ...base, ...nothing };
  const outcome = matching.outcomeOf(json);
  if (outcome.kind === "wrong") return { ...base, ...nothing, ofSource: true, problem: outcome.message };
  if (outcome.kind === "none") return { ...base, ...nothing, ofSource: true };
  const { group, runId } = outcome;
  const key = outcome.key.replace(/^key /, "") || `${json.source} ${json.id}`;
  const input = matching.inputOf(json);
  return {
    ...base,
    ofSource: true,
    matched: true,
    key,
    group,
    runId,
    input: input.ok ? inline(Buffer.from(writeExactly(input.value), "utf8")) : undefined,
    problem: input.ok ? "" : `\`with\`: ${input.message}`,
  };
}

async function newestOf(
  { bus }: TriggerDependencies,
  matching: Matching,
  isOfType: (event: BusEvent) => boolean,
  { namespace, signal }: CallContext,
): Promise<BusEvent | undefined> {
  let newest: BusEvent | undefined;
  const visit = (event: BusEvent) => {
    if (isOfType(event) && matching.isOfSource(new ReadEvent(event).json)) newest = event;
  };
  await readPast(bus, namespace, visit, signal);
  return newest;
}

export function typesMatcher(matching: Matching, namespace: string): (event: BusEvent) => boolean {
  const matchers = matching.types.map((pattern) => matcherOf({ namespace, pattern }));
  return (event) => matchers.some((matches) => matches(event));
}
