import { Record } from "@tutti/contracts/runtime/v1";
import type { Actor, Cause } from "@tutti/contracts/types/v1";
import type { Run, runService } from "@tutti/contracts/workflow/v1";
import { whenOwned } from "@tutti/host";
import { ask, type MachineDesk, type Told, tell } from "@tutti/host/serving";
import type { CallContext, Foundation, IdSource, InstanceKey, Query } from "@tutti/kernel";
import { runErrors, showRun } from "@tutti/machine-run";
import type { Client } from "@tutti/mesh";
import { runtimeErrors } from "@tutti/runtime/errors";
import type { Orders } from "../../runs/orders.ts";
import type { RunEnds } from "../../runs/run-ends.ts";

/** What the handlers about runs work with. */
export interface RunDesk extends MachineDesk {
  readonly orders: Orders;
  readonly ends: RunEnds;
  readonly ids: IdSource;
  /** Runs of other owners. */
  readonly runs: Pick<Client<typeof runService>, "startRun" | "awaitRun" | "signalRun">;
  readonly foundation: Pick<Foundation, "clock" | "timers">;
}

export function keyOf(namespace: string, id: string): InstanceKey {
  return { namespace, kind: "run", id };
}

/** A command to a run; `workflow.run_missing` where there is none, or it is kept no longer. */
export async function tellRun<Body, Reply>(
  desk: MachineDesk,
  id: string,
  told: Told<Body, Reply>,
  context: CallContext,
): Promise<Reply> {
  try {
    return await tell(desk, keyOf(context.namespace, id), told, context);
  } catch (error) {
    throw runtimeErrors.idTaken.is(error) ? runErrors.runMissing({ id }) : error;
  }
}

/** A question about a run; `workflow.run_missing` where there is none. */
export async function askRun<Body, Reply>(
  desk: MachineDesk,
  id: string,
  // biome-ignore lint/suspicious/noExplicitAny: a question knows its own types
  question: { readonly query: Query<any, Body, Reply>; readonly body: Body; readonly atEvent?: number },
  context: CallContext,
): Promise<Reply> {
  const key = keyOf(context.namespace, id);
  const { query, body, atEvent = 0 } = question;
  try {
    if (atEvent === 0) return await ask(desk, key, { query, body }, context);
    return await whenOwned(desk, key, context, () => desk.runtime.askAt({ key, query, body }, atEvent));
  } catch (error) {
    throw isGone(error) ? runErrors.runMissing({ id }) : error;
  }
}

/** There is none, or its id alone is left. */
function isGone(error: unknown): boolean {
  return runtimeErrors.unknownInstance.is(error) || runtimeErrors.idTaken.is(error);
}

/** A run as it is, with what the runtime knows of it. */
export async function runNamed(
  desk: MachineDesk,
  id: string,
  { withPayloads = true, atEvent = 0 }: { readonly withPayloads?: boolean; readonly atEvent?: number },
  context: CallContext,
): Promise<Run> {
  // Before the run itself: who waits for what comes after this number misses nothing.
  const { events, startedBy } = await instanceNamed(desk, id, context);
  const run = (await askRun(desk, id, { query: showRun, body: { withPayloads }, atEvent }, context)) as Run;
  run.eventCount = atEvent || events;
  run.createCause = causeOf(startedBy);
  return run;
}

/** Who started a run, without what belongs to a single request. */
export function causeOf(actor: Actor | undefined): Cause | undefined {
  return actor && { actor, traceparent: "", decision: "", reason: "" };
}

/** How many events a run has; `workflow.run_missing` where there is none. */
export async function eventsOf(desk: MachineDesk, id: string, context: CallContext): Promise<number> {
  return (await instanceNamed(desk, id, context)).events;
}

async function instanceNamed(desk: MachineDesk, id: string, context: CallContext) {
  const key = keyOf(context.namespace, id);
  try {
    return await whenOwned(desk, key, context, () => desk.runtime.instanceOf(key));
  } catch (error) {
    throw isGone(error) ? runErrors.runMissing({ id }) : error;
  }
}

const recordsPage = 100;

/** Number of the first event behind another that is this one; 0 where there is none. */
export async function eventBehind(
  desk: MachineDesk,
  id: string,
  { after, is }: { readonly after: number; readonly is: (type: string, payload: Uint8Array) => boolean },
  context: CallContext,
): Promise<number> {
  const key = keyOf(context.namespace, id);
  for (let last = after; ; ) {
    const records = await whenOwned(desk, key, context, () => desk.runtime.history(key, last, recordsPage));
    for (const { event, record } of records) {
      const { type, payload } = Record.decode(record);
      if (is(type, payload)) return event;
      last = event;
    }
    if (records.length < recordsPage) return 0;
  }
}
