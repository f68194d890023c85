/** What is asked of runs that are there. */
import type {
  LabelRunRequest,
  ResetRunRequest,
  ResumeRunRequest,
  RetryRunRequest,
  Run,
  SignalRunRequest,
  SignalRunsReply,
  SignalRunsRequest,
} from "@tutti/contracts/workflow/v1";
import { causeOf } from "@tutti/host";
import { Bell, type CallContext, type Command, errorOf, fromTimestamp, toErrorDetail } from "@tutti/kernel";
import { labelRun, resetRun, resumeRun, retryRun, showSnapshot, signalRun } from "@tutti/machine-run";
import { tell } from "../machine-calls.ts";
import { askRun, eventsOf, keyOf, type RunDesk, runNamed } from "./desk.ts";

interface Steered {
  readonly runId: string;
  readonly reason: string;
}

/** A command that has nothing but a reason, and the run as it is after it. */
export async function steer(
  desk: RunDesk,
  // biome-ignore lint/suspicious/noExplicitAny: the machine's own types do not matter here
  command: Command<any, { reason: string }, any>,
  { runId, reason }: Steered,
  context: CallContext,
): Promise<{ run: Run }> {
  await tell(desk, keyOf(context.namespace, runId), { command, body: { reason }, reason }, context);
  return { run: await runNamed(desk, runId, {}, context) };
}

export async function resume(
  desk: RunDesk,
  { runId, taskIds, reason }: ResumeRunRequest,
  context: CallContext,
): Promise<{ run: Run }> {
  const told = { command: resumeRun, body: { reason, taskIds }, reason };
  await tell(desk, keyOf(context.namespace, runId), told, context);
  return { run: await runNamed(desk, runId, {}, context) };
}

export async function retry(
  desk: RunDesk,
  { runId, taskIds, reason, idempotencyKey }: RetryRunRequest,
  context: CallContext,
): Promise<{ run: Run }> {
  const told = { command: retryRun, body: { taskIds, reason }, reason, idempotencyKey };
  await tell(desk, keyOf(context.namespace, runId), told, context);
  return { run: await runNamed(desk, runId, {}, context) };
}

/** The state of then travels in the command, so that what is recorded is whole in itself. */
export async function reset(
  desk: RunDesk,
  { runId, toEvent, keepSignals, reason, idempotencyKey }: ResetRunRequest,
  context: CallContext,
): Promise<{ run: Run }> {
  const then = { query: showSnapshot, body: undefined, atEvent: toEvent };
  const { bytes: snapshot, lastSignal } = await askRun(desk, runId, then, context);
  const now = keepSignals
    ? await askRun(desk, runId, { query: showSnapshot, body: undefined }, context)
    : undefined;
  const signals = now?.signals.filter(({ number }) => number > lastSignal) ?? [];
  const body = { toEvent, snapshot, keepSignals, signals: [...signals], reason };
  await tell(
    desk,
    keyOf(context.namespace, runId),
    { command: resetRun, body, reason, idempotencyKey },
    context,
  );
  return { run: await runNamed(desk, runId, {}, context) };
}

export async function label(
  desk: RunDesk,
  { runId, labels, removedLabels, priority, dueTime }: LabelRunRequest,
  context: CallContext,
): Promise<{ run: Run }> {
  const dueMs = dueTime === undefined ? undefined : fromTimestamp(dueTime);
  const told = { command: labelRun, body: { labels, removedLabels, priority, dueMs } };
  await tell(desk, keyOf(context.namespace, runId), told, context);
  return { run: await runNamed(desk, runId, {}, context) };
}

export async function signal(
  desk: RunDesk,
  { runId, signal: name, payload, idempotencyKey }: SignalRunRequest,
  context: CallContext,
): Promise<{ event: number }> {
  const key = keyOf(context.namespace, runId);
  const told = { command: signalRun, body: { signal: name, payload }, idempotencyKey };
  await tell(desk, key, told, context);
  return { event: await eventsOf(desk, runId, context) };
}

const receiptsMax = 1_000;

/** Receipts come in the order in which signals become durable. */
export async function* signalRuns(
  desk: RunDesk,
  requests: AsyncIterable<SignalRunsRequest>,
  context: CallContext,
): AsyncGenerator<SignalRunsReply, void> {
  const bell = new Bell();
  const receipts: SignalRunsReply["receipts"] = [];
  const cause = causeOf(context);
  let count = 0;
  let open = 0;
  let hasRead = false;
  const readAll = async (): Promise<void> => {
    let namespace = "";
    try {
      for await (const request of requests) {
        namespace ||= request.namespace || context.namespace;
        for (const { runId, signal: name, payload, idempotencyKey } of request.items) {
          const number = ++count;
          open++;
          desk.runtime.submit({
            ...{ key: keyOf(namespace, runId), command: signalRun, body: { signal: name, payload } },
            ...{ cause, idempotencyKey, token: undefined },
            answer(outcome) {
              open--;
              const refusal =
                outcome.kind === "refused" ? toErrorDetail(errorOf(outcome.refusal)) : undefined;
              receipts.push({ number, refusal });
              bell.ring();
            },
          });
        }
      }
    } finally {
      hasRead = true;
      bell.ring();
    }
  };
  const reading = readAll();
  while (!context.signal.aborted) {
    if (receipts.length > 0) yield { receipts: receipts.splice(0, receiptsMax) };
    else if (hasRead && open === 0) break;
    else await bell.rung();
  }
  await reading;
}
