import { FlatWriter } from "@tutti/contracts/wire";
import { StartItem, StartRunsReply, StartRunsRequest } from "@tutti/contracts/workflow/v1";
import { Latencies } from "../../measure/statistics.ts";
import { chainInput, stepsPerChain } from "./chain.ts";
import type { SendFrame } from "./outbox.ts";

export interface ChainFigures {
  readonly stepsPerSec: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the whole time, the end too, when no more chains are started. */
  readonly steps: number;
}

/** Keeps so many chains under way: starts a new one for each that ends, as many in one frame as ends were in one. */
export class ChainClient {
  readonly #send: SendFrame;
  readonly #writer = new FlatWriter(64 * 1024);
  readonly #item = StartItem.create({ spec: 1, input: { $case: "inlineInput", value: chainInput } });
  /** When the chains were started that are under way, by the lower digits of their numbers. */
  readonly #startedMs = new Float64Array(underWayMax);
  #number = 0;
  #underWay = 0;
  #onEnds: (count: number, nowMs: number) => void = () => {};
  #latencies = new Latencies();

  constructor(send: SendFrame) {
    this.#send = send;
    const specs = [{ what: { $case: "definition" as const, value: { name: "chain" } } }];
    send(StartRunsRequest.encode(StartRunsRequest.fromPartial({ specs, follow: true })).finish());
  }

  measure(concurrency: number, seconds: number): Promise<ChainFigures> {
    const latencies = new Latencies();
    this.#latencies = latencies;
    const startMs = performance.now();
    const endMs = startMs + seconds * 1_000;
    let chains = 0;
    let inTime = 0;
    let lastMs = startMs;
    return new Promise((resolve) => {
      this.#onEnds = (count, nowMs) => {
        chains += count;
        // One is counted also where it takes longer than there is time.
        if (nowMs < endMs || inTime === 0) {
          inTime = chains;
          lastMs = nowMs;
        }
        if (nowMs < endMs) this.#start(count, nowMs);
        else if (this.#underWay === 0) {
          const steps = chains * stepsPerChain;
          const stepsPerSec = (inTime * stepsPerChain * 1_000) / (lastMs - startMs);
          resolve({ stepsPerSec, ...latencies.quantiles(), steps });
        }
      };
      this.#start(concurrency, startMs);
    });
  }

  take(bytes: Uint8Array): void {
    const { ends } = StartRunsReply.decode(bytes);
    if (ends.length === 0) return;
    const nowMs = performance.now();
    for (const { number, outcome } of ends) {
      if (outcome?.$case !== "inlineOutput" || outcome.value.length !== chainInput.length) {
        throw new Error(`expected chain ${number} to give back its input, found something else`);
      }
      this.#latencies.add(nowMs - (this.#startedMs[number % underWayMax] ?? 0));
    }
    this.#underWay -= ends.length;
    this.#onEnds(ends.length, nowMs);
  }

  #start(count: number, nowMs: number): void {
    const writer = this.#writer;
    for (let chain = 0; chain < count; chain++) {
      this.#startedMs[++this.#number % underWayMax] = nowMs;
      StartItem.encode(this.#item, writer.uint32(itemsTag).fork()).join();
    }
    this.#underWay += count;
    this.#send(writer.finish());
  }
}

/** More than any concurrency that is measured, by far: a chain is over before its place is used again. */
const underWayMax = 1 << 16;
const itemsTag = 26;
