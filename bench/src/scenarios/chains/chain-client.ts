import { FlatWriter } from "@tutti/contracts/wire";
import { StartItem, StartRunsReply, StartRunsRequest } from "@tutti/contracts/workflow/v1";
import { Latencies } from "../../measure/statistics.ts";
import { chainInput, stepsPerChain } from "./chain.ts";
import type { SendFrame } from "./outbox.ts";

export interface ChainFigures {
  readonly stepsPerSec: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Steps of the whole time, including the end, when no more chains start. */
  readonly steps: number;
}

/** Keeps a number of chains active. For the ends in one frame, it starts as many new chains in one frame. */
export class ChainClient {
  readonly #send: SendFrame;
  readonly #writer = new FlatWriter(64 * 1024);
  readonly #item = StartItem.create({ spec: 1, input: { $case: "inlineInput", value: chainInput } });
  /** Start times of active chains, by the lower bits of their numbers. */
  readonly #startedMs = new Float64Array(inFlightMax);
  #number = 0;
  #inFlight = 0;
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
        // At least one chain counts, even if it takes longer than the time of the measurement.
        if (nowMs < endMs || inTime === 0) {
          inTime = chains;
          lastMs = nowMs;
        }
        if (nowMs < endMs) this.#start(count, nowMs);
        else if (this.#inFlight === 0) {
          const steps = chains * stepsPerChain;
          const stepsPerSec = (inTime * stepsPerChain * 1_000) / (lastMs - startMs);
          resolve({ stepsPerSec, ...latencies.quantiles(), steps });
        }
      };
      this.#start(concurrency, startMs);
    });
  }

  receive(bytes: Uint8Array): void {
    const { ends } = StartRunsReply.decode(bytes);
    if (ends.length === 0) return;
    const nowMs = performance.now();
    for (const { number, outcome } of ends) {
      if (outcome?.$case !== "inlineOutput" || outcome.value.length !== chainInput.length) {
        throw new Error(`expected chain ${number} to return its input, got another output`);
      }
      this.#latencies.add(nowMs - (this.#startedMs[number % inFlightMax] ?? 0));
    }
    this.#inFlight -= ends.length;
    this.#onEnds(ends.length, nowMs);
  }

  #start(count: number, nowMs: number): void {
    const writer = this.#writer;
    for (let chain = 0; chain < count; chain++) {
      this.#startedMs[++this.#number % inFlightMax] = nowMs;
      StartItem.encode(this.#item, writer.uint32(itemsTag).fork()).join();
    }
    this.#inFlight += count;
    this.#send(writer.finish());
  }
}

/** Far above any measured concurrency, so that a chain has ended before its place is used again. */
const inFlightMax = 1 << 16;
const itemsTag = 26;
