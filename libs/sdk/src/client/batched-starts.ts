/**
 * Starts runs. While many starts are under way, they travel in batches on one stream. So do their receipts, and the
 * outcomes of runs that are awaited.
 *
 * 1. A run has its id before it is sent. What the stream does not report, the caller gets by calls with that id.
 * 2. A batch has its own specifications, so its runs get the version that is the latest now.
 */
import type { Outcome, Payload } from "@tutti/contracts/types/v1";
import type {
  RunEnd,
  StartItem,
  StartReceipt,
  StartRunsReply,
  StartRunsRequest,
} from "@tutti/contracts/workflow/v1";
import { Notifier, turnForOthers } from "@tutti/kernel";
import { storedAboveBytes } from "../link/blobs.ts";
import { payloadOf } from "./payloads.ts";
import type { RunParts } from "./run.ts";
import { specOf } from "./spec.ts";

/** From this number of runs on, calls for each of them cost more than a stream. */
const streamedFrom = 16;
/** Time without a stream after one has broken. */
const brokenMs = 10_000;
/** The server keeps the specifications of a stream: after this many, the next stream starts. */
const specsMax = 1_000;
/** A batch takes no more runs from this size on. An item without its input has about so many bytes. */
const batchBytesMax = 262_144;
const itemBytes = 256;
/** How long a stream without runs stays open. */
const lingerMs = 100;

export interface BatchedStart {
  readonly definition: string;
  readonly id: string;
  readonly input: unknown;
}

type Parts = Pick<RunParts, "runs" | "namespace" | "ports">;

/** What a stream is for. */
interface Purpose<Result> {
  readonly follow: boolean;
  /** Results of a reply by number of their item. Undefined: the call for this run alone gives the reason. */
  readonly resultsIn: (reply: StartRunsReply) => Iterable<readonly [number, Result | undefined]>;
}

const outcomes: Purpose<Outcome> = {
  follow: true,
  resultsIn: ({ receipts, ends }) => [
    ...receipts.filter(isRefused).map(({ number }) => [number, undefined] as const),
    ...ends.map((end) => [end.number, outcomeOf(end)] as const),
  ],
};
const starts: Purpose<StartReceipt> = {
  follow: false,
  resultsIn: ({ receipts }) =>
    receipts.map((receipt) => [receipt.number, isRefused(receipt) ? undefined : receipt] as const),
};

/** The open stream of a purpose. */
interface Kept<Result> {
  readonly purpose: Purpose<Result>;
  stream: StartStream<Result> | undefined;
}

function isRefused({ refusal }: StartReceipt): boolean {
  return refusal !== undefined;
}

export class BatchedStarts {
  readonly #parts: Parts;
  readonly #outcomes: Kept<Outcome> = { purpose: outcomes, stream: undefined };
  readonly #starts: Kept<StartReceipt> = { purpose: starts, stream: undefined };
  #underWay = 0;
  #brokenMs = Number.NEGATIVE_INFINITY;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Counts a start as under way until the work is done. */
  async counted<Value>(work: () => Promise<Value>): Promise<Value> {
    this.#underWay++;
    try {
      return await work();
    } finally {
      this.#underWay--;
    }
  }

  get isWorthwhile(): boolean {
    return this.#underWay >= streamedFrom && this.#parts.ports.clock.monotonic() >= this.#brokenMs;
  }

  /** Returns the outcome of a run. Undefined if calls have to start it and wait for it. */
  outcomeOf(start: BatchedStart): Promise<Outcome | undefined> {
    return this.#resultOf(start, this.#outcomes);
  }

  /** Returns the receipt of a start. Undefined if a call has to start the run. */
  receiptOf(start: BatchedStart): Promise<StartReceipt | undefined> {
    return this.#resultOf(start, this.#starts);
  }

  async #resultOf<Result>(
    { definition, id, input }: BatchedStart,
    kept: Kept<Result>,
  ): Promise<Result | undefined> {
    const { contents, clock } = this.#parts.ports;
    const stored = await contents.stored(payloadOf(input, "input"), storedAboveBytes);
    if (kept.stream?.isFull !== false) {
      const stream = new StartStream(this.#parts, kept.purpose);
      kept.stream = stream;
      void stream.run().then((hasBroken) => {
        if (hasBroken) this.#brokenMs = clock.monotonic() + brokenMs;
        if (kept.stream === stream) kept.stream = undefined;
      });
    }
    return await kept.stream.resultOf(definition, id, stored);
  }
}

class StartStream<Result> {
  readonly #parts: Parts;
  readonly #purpose: Purpose<Result>;
  readonly #bell = new Notifier();
  /** By number of the item. */
  readonly #waiting = new Map<number, (result: Result | undefined) => void>();
  /** Not sent yet. The last one is open. */
  #batches: StartRunsRequest[] = [];
  /** Numbers of the specifications in the open batch, and the bytes of its inputs. */
  #specs = new Map<string, number>();
  #bytes = batchBytesMax;
  #specCount = 0;
  #itemCount = 0;
  #isOver = false;

  constructor(parts: Parts, purpose: Purpose<Result>) {
    this.#parts = parts;
    this.#purpose = purpose;
  }

  /** Whether it takes no more runs. */
  get isFull(): boolean {
    return this.#isOver || this.#specCount >= specsMax;
  }

  resultOf(definition: string, runId: string, input: Payload | undefined): Promise<Result | undefined> {
    const batch = this.#openBatch();
    let spec = this.#specs.get(definition);
    if (spec === undefined) {
      spec = ++this.#specCount;
      this.#specs.set(definition, spec);
      batch.specs.push(specOf(definition, {}));
    }
    batch.items.push({ runId, spec, input: inputOf(input), traceparent: "", labels: {} });
    this.#bytes += itemBytes + (input?.body?.$case === "inline" ? input.body.value.length : 0);
    this.#bell.notify();
    const number = ++this.#itemCount;
    return new Promise((resolve) => this.#waiting.set(number, resolve));
  }

  #openBatch(): StartRunsRequest {
    const last = this.#batches.at(-1);
    if (last !== undefined && this.#bytes < batchBytesMax) return last;
    const { namespace } = this.#parts;
    const batch: StartRunsRequest = { namespace, specs: [], items: [], follow: this.#purpose.follow };
    this.#batches.push(batch);
    this.#specs = new Map();
    this.#bytes = 0;
    return batch;
  }

  /** Resolves when the stream is over, with whether it has broken. */
  async run(): Promise<boolean> {
    try {
      for await (const reply of this.#parts.runs.startRuns(this.#requests())) {
        for (const [number, result] of this.#purpose.resultsIn(reply)) this.#settle(number, result);
        if (this.#waiting.size === 0) this.#closeSoon();
      }
      return this.#waiting.size > 0;
    } catch {
      return true;
    } finally {
      this.#isOver = true;
      this.#bell.notify();
      for (const number of [...this.#waiting.keys()]) this.#settle(number, undefined);
    }
  }

  async *#requests(): AsyncGenerator<StartRunsRequest, void> {
    for (;;) {
      await this.#bell.notified();
      // Runs that start in the same turn travel together.
      await turnForOthers();
      const batches = this.#batches;
      this.#batches = [];
      yield* batches;
      if (batches.length === 0 && this.#isOver) return;
    }
  }

  #settle(number: number, result: Result | undefined): void {
    this.#waiting.get(number)?.(result);
    this.#waiting.delete(number);
  }

  #closeSoon(): void {
    this.#parts.ports.timers.after(lingerMs, () => {
      if (this.#waiting.size > 0) return;
      this.#isOver = true;
      this.#bell.notify();
    });
  }
}

/** JSON travels without the message around it. */
function inputOf(payload: Payload | undefined): StartItem["input"] {
  if (payload === undefined) return undefined;
  const { body, mediaType } = payload;
  return body?.$case === "inline" && mediaType === ""
    ? { $case: "inlineInput", value: body.value }
    : { $case: "inputPayload", value: payload };
}

/** Undefined if the end has no outcome. */
function outcomeOf({ outcome }: RunEnd): Outcome | undefined {
  if (outcome?.$case === "other") return outcome.value;
  const body = outcome && { $case: "inline" as const, value: outcome.value };
  return body && { result: { $case: "completed", value: { body, mediaType: "" } } };
}
