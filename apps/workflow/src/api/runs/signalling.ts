/** Sends a signal to many runs. */
import type { SignalItem, SignalRunsReply, SignalRunsRequest } from "@tutti/contracts/workflow/v1";
import { causeOf } from "@tutti/host";
import {
  type CallContext,
  errorFromUnknown,
  errorOf,
  Notifier,
  type TuttiError,
  toErrorDetail,
} from "@tutti/kernel";
import { signalRun } from "@tutti/machine-run";
import { CallForwarder, isForOthers } from "./call-forwarder.ts";
import { keyOf, type RunDependencies } from "./dependencies.ts";

export interface SignalDependencies {
  readonly runtime: Pick<RunDependencies["runtime"], "submit">;
  readonly runs: Pick<RunDependencies["runs"], "signalRun">;
}

const receiptsMax = 1_000;

/** Yields receipts in the order in which signals become durable. */
export async function* signalRuns(
  dependencies: SignalDependencies,
  requests: AsyncIterable<SignalRunsRequest>,
  context: CallContext,
): AsyncGenerator<SignalRunsReply, void> {
  const signalling = new Signalling(dependencies, context);
  const reading = signalling.readAll(requests);
  // The result is awaited at the end. Until then a broken stream is no error here.
  reading.catch(() => {});
  while (!context.signal.aborted) {
    const receipts = signalling.receipts.splice(0, receiptsMax);
    if (receipts.length > 0) yield { receipts };
    else if (signalling.isOver) break;
    else await signalling.bell.notified();
  }
  await reading;
}

class Signalling {
  readonly bell = new Notifier();
  readonly receipts: SignalRunsReply["receipts"] = [];
  readonly #dependencies: SignalDependencies;
  readonly #context: CallContext;
  readonly #cause: ReturnType<typeof causeOf>;
  readonly #forwarder = new CallForwarder();
  #namespace = "";
  #count = 0;
  #open = 0;
  #hasRead = false;

  constructor(dependencies: SignalDependencies, context: CallContext) {
    this.#dependencies = dependencies;
    this.#context = context;
    this.#cause = causeOf(context);
    context.signal.addEventListener("abort", () => this.bell.notify(), { once: true });
  }

  /** Whether every signal has its receipt. */
  get isOver(): boolean {
    return this.#hasRead && this.#open === 0;
  }

  async readAll(requests: AsyncIterable<SignalRunsRequest>): Promise<void> {
    try {
      for await (const { namespace, items } of requests) {
        this.#namespace ||= namespace || this.#context.namespace;
        for (const item of items) this.#send(item);
      }
    } finally {
      this.#hasRead = true;
      this.bell.notify();
    }
  }

  #send(item: SignalItem): void {
    const number = ++this.#count;
    const { runId, signal, payload, idempotencyKey } = item;
    this.#open++;
    // A payload in a blob is sent in a separate call, which checks it before it is recorded.
    if (payload?.body?.$case === "blob") {
      void this.#signalRemote(number, item);
      return;
    }
    this.#dependencies.runtime.submit({
      key: keyOf(this.#namespace, runId),
      command: signalRun,
      body: { signal, payload },
      cause: this.#cause,
      idempotencyKey,
      token: undefined,
      reply: (outcome) => {
        if (isForOthers(outcome)) void this.#signalRemote(number, item);
        else this.#answered(number, outcome.kind === "refused" ? errorOf(outcome.refusal) : undefined);
      },
    });
  }

  async #signalRemote(number: number, item: SignalItem): Promise<void> {
    const request = { namespace: this.#namespace, ...item };
    const options = { context: this.#context };
    try {
      await this.#forwarder.call(() => this.#dependencies.runs.signalRun(request, options));
      this.#answered(number);
    } catch (error) {
      this.#answered(number, errorFromUnknown(error));
    }
  }

  #answered(number: number, error?: TuttiError): void {
    this.#open--;
    this.receipts.push({ number, refusal: error && toErrorDetail(error) });
    this.bell.notify();
  }
}
