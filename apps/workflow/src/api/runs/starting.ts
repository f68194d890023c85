/** Starts runs: one, or many in batches. */
import { type ErrorDetail, type Payload, WorkStatus } from "@tutti/contracts/types/v1";
import {
  ParentClosePolicy,
  Run,
  type RunEnding,
  RunSpec,
  type StartItem,
  type StartRunReply,
  StartRunRequest,
  StartRunsReply,
  type StartRunsRequest,
} from "@tutti/contracts/workflow/v1";
import { causeOf, requireRight } from "@tutti/host";
import { idToStart, newIdHere, startOnce } from "@tutti/host/serving";
import {
  type CallContext,
  errorFromUnknown,
  errorOf,
  fromTimestamp,
  Notifier,
  sleep,
  type TuttiError,
  toErrorDetail,
  turnForOthers,
} from "@tutti/kernel";
import { beginRun, runErrors, showEnding } from "@tutti/machine-run";
import { isHeavy } from "@tutti/mesh";
import type { Outcome } from "@tutti/runtime";
import { requestErrors } from "../../errors.ts";
import type { PreparedSpec } from "../../runs/orders.ts";
import { CallForwarder, isForOthers } from "./call-forwarder.ts";
import { keyOf, queryRun, type RunDependencies, runNamed } from "./dependencies.ts";

export async function startRun(
  dependencies: RunDependencies,
  request: StartRunRequest,
  context: CallContext,
): Promise<StartRunReply> {
  const { spec = RunSpec.create(), startTime, parent, root = parent, parentClosePolicy } = request;
  const { idempotencyKey, waitMs } = request;
  for (const ancestor of [parent, root])
    if (ancestor !== undefined && (ancestor.namespace || context.namespace) !== context.namespace)
      throw requestErrors.parentForeign({ found: ancestor.namespace, namespace: context.namespace });
  const runId = idToStart(dependencies, { kind: "run", requestedId: request.runId, idempotencyKey }, context);
  const extras = {
    startMs: startTime === undefined ? 0 : fromTimestamp(startTime),
    parent,
    root,
    parentClose: parentClosePolicy || ParentClosePolicy.PARENT_CLOSE_POLICY_CANCEL,
    idChosen: runId === request.runId,
  };
  const order = async () => {
    const prepared = await dependencies.orders.prepare(spec, extras, context);
    // Planning and ordering a heavy request take milliseconds each.
    if (isHeavy(request)) await turnForOthers();
    return dependencies.orders.order(prepared, undefined, { runId, isRepeatable: true });
  };
  const starting = {
    command: beginRun,
    order,
    repeatedOrder: () => dependencies.orders.identityOf(spec, extras),
  };
  const { existed } = await startOnce(dependencies, keyOf(context.namespace, runId), starting, context);
  if (waitMs === 0) return { run: await startedRun(dependencies, runId, { existed }, context), existed };
  // A separate call follows the run to another owner. Without a chosen id the start must not be repeated.
  const awaitRequest = { namespace: context.namespace, runId, waitMs, afterEvent: 0 };
  const { run } = await dependencies.runs.awaitRun(awaitRequest, { context });
  return { run, existed };
}

/** A run that ends immediately may be deleted before it is read, if the retention is zero. */
async function startedRun(
  dependencies: RunDependencies,
  runId: string,
  { existed }: { readonly existed: boolean },
  context: CallContext,
): Promise<Run> {
  try {
    return await runNamed(dependencies, runId, {}, context);
  } catch (error) {
    if (existed || !runErrors.runMissing.is(error)) throw error;
    return { ...Run.create(), namespace: context.namespace, runId };
  }
}

/** Maximum of entries in a reply. */
const entriesMax = 1_000;
/** Pause between searches for runs that were moved to another process, and the size of one search. */
const pollMs = 2_000;
const pollMax = 500;
/** Longest wait for the end of a run of another process, and the pause after a failed one. */
const awaitMs = 30_000;
const awaitAgainMs = 1_000;

export async function* startRuns(
  dependencies: RunDependencies,
  requests: AsyncIterable<StartRunsRequest>,
  context: CallContext,
): AsyncGenerator<StartRunsReply, void> {
  const batch = new Starting(dependencies, context);
  const reading = batch.readAll(requests);
  // The result is awaited at the end. Until then a broken stream is no error here.
  reading.catch(() => {});
  const polling = dependencies.foundation.timers.every(pollMs, () => void batch.poll());
  try {
    for (;;) {
      const reply = batch.next();
      if (reply !== undefined) yield reply;
      else if (batch.isOver || context.signal.aborted) break;
      else await batch.bell.notified();
    }
  } finally {
    polling.cancel();
    batch.stop();
  }
  await reading;
}

const reading = { action: "workflow.runs.get", resource: "run" };

interface Followed {
  /** Items that named the run. */
  numbers: readonly number[];
  /** Number of searches before it was followed. */
  readonly fromPoll: number;
  readonly stop: () => void;
  /** True if another process reports its end. */
  isRemote?: boolean;
}

class Starting {
  readonly bell = new Notifier();
  readonly #dependencies: RunDependencies;
  readonly #context: CallContext;
  /** The error of a specification refuses its runs, and no others. */
  readonly #specs: (PreparedSpec | TuttiError)[] = [];
  readonly #followed = new Map<string, Followed>();
  #reply = StartRunsReply.create();
  #count = 0;
  #unanswered = 0;
  #hasRead = false;
  #isFollowing = false;
  readonly #forwarder = new CallForwarder();
  #polls = 0;
  #namespace = "";

  constructor(dependencies: RunDependencies, context: CallContext) {
    this.#dependencies = dependencies;
    this.#context = context;
    context.signal.addEventListener("abort", () => this.bell.notify(), { once: true });
  }

  /** Whether each request has its answer and each end was reported. */
  get isOver(): boolean {
    return this.#hasRead && this.#unanswered === 0 && this.#followed.size === 0;
  }

  next(): StartRunsReply | undefined {
    const reply = this.#reply;
    const { receipts, ends } = reply;
    if (receipts.length + ends.length === 0) return undefined;
    if (receipts.length + ends.length <= entriesMax) {
      this.#reply = StartRunsReply.create();
      return reply;
    }
    return { receipts: receipts.splice(0, entriesMax), ends: ends.splice(0, entriesMax) };
  }

  async readAll(requests: AsyncIterable<StartRunsRequest>): Promise<void> {
    try {
      for await (const request of requests) await this.#receive(request);
    } finally {
      this.#hasRead = true;
      this.bell.notify();
    }
  }

  stop(): void {
    for (const { stop } of this.#followed.values()) stop();
    this.#followed.clear();
  }

  async #receive({ namespace, specs, items, follow }: StartRunsRequest): Promise<void> {
    if (this.#namespace === "") {
      this.#namespace = namespace || this.#context.namespace;
      this.#isFollowing = follow;
      const { guard } = this.#dependencies;
      // The end of a run has its output.
      if (follow) requireRight(guard, this.#context.principal, reading, this.#namespace);
    }
    const extras = {
      startMs: 0,
      parent: undefined,
      root: undefined,
      idChosen: true,
      parentClose: ParentClosePolicy.PARENT_CLOSE_POLICY_CANCEL,
    };
    const { orders } = this.#dependencies;
    for (const spec of specs)
      this.#specs.push(await orders.prepare(spec, extras, this.#context).catch(errorFromUnknown));
    const cause = causeOf(this.#context);
    for (const item of items) {
      const { traceparent } = item;
      this.#startRun(item, traceparent === "" ? cause : { ...cause, traceparent });
    }
  }

  #startRun(item: StartItem, cause: ReturnType<typeof causeOf>): void {
    const number = ++this.#count;
    const runId = item.runId || newIdHere(this.#dependencies, "run", this.#namespace);
    const replyId = item.runId === "" ? runId : "";
    const prepared = this.#specs[item.spec - 1];
    this.#unanswered++;
    if (prepared === undefined || prepared instanceof Error) {
      const error = prepared ?? requestErrors.specUnknown({ number: item.spec });
      this.#refuse(number, replyId, toErrorDetail(error));
      return;
    }
    if ((inputOf(item) ?? prepared.spec.input)?.body?.$case === "blob") {
      // An input in a blob needs a separate call: it is checked before the run is recorded.
      if (this.#isFollowing) this.#follow(runId, number);
      void this.#startRemote({ number, runId, replyId }, prepared, item);
      return;
    }
    try {
      const isRepeatable = item.runId !== "";
      const order = this.#dependencies.orders.order(prepared, inputOf(item), { runId, isRepeatable });
      if (Object.keys(item.labels).length > 0) order.labels = { ...order.labels, ...item.labels };
      order.idChosen = isRepeatable;
      const key = keyOf(this.#namespace, runId);
      if (this.#isFollowing) this.#follow(runId, number);
      this.#dependencies.runtime.submit({
        key,
        command: beginRun,
        body: { order },
        cause,
        idempotencyKey: "",
        token: undefined,
        reply: (outcome) => {
          if (isForOthers(outcome)) void this.#startRemote({ number, runId, replyId }, prepared, item);
          else this.#answered(number, runId, replyId, outcome);
        },
      });
    } catch (error) {
      this.#refuse(number, replyId, toErrorDetail(errorFromUnknown(error)));
    }
  }

  async #startRemote(
    { number, runId, replyId }: { readonly number: number; readonly runId: string; readonly replyId: string },
    { spec }: PreparedSpec,
    item: StartItem,
  ): Promise<void> {
    const labels = { ...spec.labels, ...item.labels };
    const input = inputOf(item) ?? spec.input;
    const request: StartRunRequest = {
      ...StartRunRequest.create(),
      namespace: this.#namespace,
      runId,
      spec: { ...spec, input, labels },
    };
    const followed = this.#followed.get(runId);
    if (followed !== undefined) followed.isRemote = true;
    try {
      const { existed } = await this.#forwarder.call(() =>
        this.#dependencies.runs.startRun(request, { context: this.#context }),
      );
      this.#recordReceipt({ number, runId: replyId, existed, refusal: undefined });
      void this.#awaitEnd(runId);
    } catch (error) {
      this.#unfollowItem(runId, number);
      this.#refuse(number, replyId, toErrorDetail(errorFromUnknown(error)));
    }
  }

  #answered(number: number, runId: string, replyId: string, outcome: Outcome): void {
    if (outcome.kind === "refused") {
      this.#unfollowItem(runId, number);
      this.#refuse(number, replyId, toErrorDetail(errorOf(outcome.refusal)));
      return;
    }
    const existed = outcome.kind === "done" && (outcome.reply as { existed: boolean }).existed;
    this.#recordReceipt({ number, runId: replyId, existed, refusal: undefined });
  }

  #refuse(number: number, runId: string, refusal: ErrorDetail): void {
    this.#recordReceipt({ number, runId, existed: false, refusal });
  }

  #recordReceipt(receipt: StartRunsReply["receipts"][number]): void {
    this.#reply.receipts.push(receipt);
    this.#unanswered--;
    this.bell.notify();
  }

  #follow(runId: string, number: number): void {
    const known = this.#followed.get(runId);
    if (known !== undefined) {
      known.numbers = [...known.numbers, number];
      return;
    }
    const stop = this.#dependencies.ends.listen(keyOf(this.#namespace, runId), (ending) =>
      this.#reportEnd(ending),
    );
    this.#followed.set(runId, { numbers: [number], fromPoll: this.#polls, stop });
  }

  /** Removes a refused item. Other items may have started the run. */
  #unfollowItem(runId: string, refused: number): void {
    const followed = this.#followed.get(runId);
    if (followed === undefined) return;
    followed.numbers = followed.numbers.filter((number) => number !== refused);
    if (followed.numbers.length === 0) this.#unfollow(runId);
  }

  /** Returns the items that waited for the end of the run. */
  #unfollow(runId: string): readonly number[] {
    const followed = this.#followed.get(runId);
    followed?.stop();
    this.#followed.delete(runId);
    return followed?.numbers ?? [];
  }

  #reportEnd(ending: RunEnding): void {
    const outcome = outcomeOf(ending);
    if (outcome === undefined) void this.#awaitEnd(ending.runId);
    else this.#recordEnd(ending.runId, outcome);
  }

  #recordEnd(runId: string, outcome: EndOutcome): void {
    for (const number of this.#unfollow(runId)) this.#reply.ends.push({ number, outcome });
    this.bell.notify();
  }

  /** Finds the ends of runs that were moved to another process: reads those that were followed longest, in turn. */
  async poll(): Promise<void> {
    const due: [string, Followed][] = [];
    for (const entry of this.#followed) {
      if (due.length === pollMax) break;
      if (entry[1].fromPoll < this.#polls && entry[1].isRemote !== true) due.push(entry);
    }
    this.#polls++;
    for (const [runId, followed] of due) {
      const found = await queryRun(
        this.#dependencies,
        runId,
        { query: showEnding, body: undefined },
        this.#context,
      ).catch(() => undefined);
      if (found === undefined) {
        followed.isRemote = true;
        void this.#awaitEnd(runId);
      } else if (found.ending !== undefined) this.#reportEnd(found.ending);
      else if (this.#followed.delete(runId)) this.#followed.set(runId, followed);
    }
  }

  /** Waits for the end of a run of another process, or of one that continued as another. */
  async #awaitEnd(runId: string): Promise<void> {
    const { runs, foundation } = this.#dependencies;
    const { signal } = this.#context;
    const request = { namespace: this.#namespace, runId, waitMs: awaitMs, afterEvent: 0 };
    while (this.#followed.has(runId) && !signal.aborted) {
      const { run } = await runs
        .awaitRun(request, { context: this.#context, timeoutMs: 2 * awaitMs })
        .catch(() => ({ run: undefined }));
      if (run?.endTime !== undefined) {
        this.#recordEnd(runId, { $case: "other", value: run.outcome ?? { result: undefined } });
        return;
      }
      if (run === undefined) await sleep(foundation.timers, awaitAgainMs, signal).catch(() => {});
    }
  }
}

function inputOf({ input }: StartItem): Payload | undefined {
  if (input === undefined) return undefined;
  if (input.$case === "inputPayload") return input.value;
  return { body: { $case: "inline", value: input.value }, mediaType: "" };
}

type EndOutcome = StartRunsReply["ends"][number]["outcome"];

/** Returns undefined for a run that continued as another one, which its ending does not name. */
function outcomeOf({ status, output, outputPayload, error }: RunEnding): EndOutcome {
  if (status === WorkStatus.WORK_STATUS_CONTINUED) return undefined;
  if (status === WorkStatus.WORK_STATUS_COMPLETED && outputPayload === undefined)
    return { $case: "inlineOutput", value: output };
  const failure = error ?? {
    code: "",
    message: "",
    retry: 0,
    retryAfterMs: 0,
    violations: [],
    details: {},
    status: "",
    cause: undefined,
    notOwner: undefined,
  };
  const result =
    status === WorkStatus.WORK_STATUS_COMPLETED
      ? ({ $case: "completed", value: outputPayload as Payload } as const)
      : status === WorkStatus.WORK_STATUS_CANCELLED
        ? ({ $case: "cancelled", value: failure } as const)
        : status === WorkStatus.WORK_STATUS_TERMINATED
          ? ({ $case: "terminated", value: failure } as const)
          : ({ $case: "failed", value: failure } as const);
  return { $case: "other", value: { result } };
}
