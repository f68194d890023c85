import type { Actor, Cause } from "@tutti/contracts/types/v1";
import type { Run, runService } from "@tutti/contracts/workflow/v1";
import type { Guard } from "@tutti/host";
import { type LineDependencies, type MachineDependencies, workOf } from "@tutti/host/serving";
import type { CallContext, IdSource } from "@tutti/kernel";
import { runErrors, showRun } from "@tutti/machine-run";
import type { Client } from "@tutti/mesh";
import type { Orders } from "../../runs/orders.ts";
import type { RunEnds } from "../../runs/run-ends.ts";

/** The dependencies of the handlers of runs. */
export interface RunDependencies extends LineDependencies {
  readonly orders: Orders;
  readonly ends: RunEnds;
  readonly ids: IdSource;
  readonly guard: Pick<Guard, "authorize"> | undefined;
  /** Runs of other owners. */
  readonly runs: Pick<Client<typeof runService>, "startRun" | "awaitRun" | "signalRun">;
}

export const runWork = workOf({ kind: "run", missing: (id) => runErrors.runMissing({ id }) });
export const { keyOf, execute: executeOnRun, query: queryRun, eventsOf, recordsOf } = runWork;

/** Returns the present state of a run, with the facts of the runtime. */
export async function runNamed(
  dependencies: MachineDependencies,
  id: string,
  { withPayloads = true, atEvent = 0 }: { readonly withPayloads?: boolean; readonly atEvent?: number },
  context: CallContext,
): Promise<Run> {
  // Before the run itself: a caller that waits for later events misses nothing.
  const { events, startedBy } = await runWork.factsOf(dependencies, id, context);
  const run = (await queryRun(
    dependencies,
    id,
    { query: showRun, body: { withPayloads }, atEvent },
    context,
  )) as Run;
  run.eventCount = atEvent || events;
  run.createCause = causeOf(startedBy);
  return run;
}

/** Returns the starter of a run, without the parts that belong to a single request. */
export function causeOf(actor: Actor | undefined): Cause | undefined {
  return actor && { actor, traceparent: "", decision: "", reason: "" };
}
