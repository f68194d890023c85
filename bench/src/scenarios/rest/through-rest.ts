/** Chains that are started and awaited over REST, and the same chains through the batched stream. */
import { closedLoop } from "../../measure/closed-loop.ts";
import { stepsPerChain } from "../chains/chain.ts";
import type { ChainFigures } from "../chains/chain-client.ts";
import type { WorkerQuestion } from "../chains/worker-process.ts";
import type { Caller } from "./caller.ts";

export interface ThroughFigures {
  readonly [figure: string]: number;
  readonly stepsPerSec: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** The path and body of a start, and the name of the id in the reply. */
export interface ChainOverRest {
  readonly path: string;
  readonly body: object;
  readonly idIn: (started: unknown) => string;
}

const waitMs = 60_000;

export async function throughRest(
  caller: Caller,
  { path, body, idIn }: ChainOverRest,
  concurrency: number,
  seconds: number,
): Promise<ThroughFigures> {
  const call = async () => {
    const started = await caller.must("POST", path, body);
    const id = idIn(JSON.parse(started.body));
    const ended = await caller.must("GET", `${path}/${id}/result?waitMs=${waitMs}`);
    const { status } = JSON.parse(ended.body);
    if (status !== "completed") throw new Error(`expected ${id} to be completed, got ${status}`);
    return stepsPerChain;
  };
  const { itemsPerSec, p50Ms, p99Ms } = await closedLoop({ call, concurrency }, seconds);
  return { stepsPerSec: itemsPerSec, p50Ms, p99Ms };
}

export async function throughStream(
  worker: { request(question: WorkerQuestion): Promise<ChainFigures> },
  concurrency: number,
  seconds: number,
): Promise<ThroughFigures> {
  const { stepsPerSec, p50Ms, p99Ms } = await worker.request({ concurrency, seconds });
  return { stepsPerSec, p50Ms, p99Ms };
}
