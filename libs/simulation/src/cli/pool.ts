/** Threads that run seeds. */
import { Worker } from "node:worker_threads";
import type { Finding } from "../world/world.ts";
import type { LoadName } from "./options.ts";

/** Seeds for one thread. */
export interface Share {
  readonly from: number;
  readonly seeds: number;
  /** Whether a failure ends the share. */
  readonly stopsAtFirst: boolean;
}

export interface Failed extends Finding {
  readonly seed: number;
}

export interface ShareDone {
  readonly ran: number;
  readonly failed: readonly Failed[];
  readonly events: number;
}

/** Small enough that the threads end together, large enough that messages cost nothing. */
const shareSeeds = 50;

export interface Seeds {
  readonly from: number;
  readonly seeds: number;
  readonly weakening: string;
  readonly load?: LoadName;
  readonly workers: number;
  readonly stopsAtFirst: boolean;
  /** Called after each share. */
  done(share: ShareDone): void;
}

/** Runs all of them, or until the first failure. */
export async function runSeeds({
  from,
  seeds,
  weakening,
  load = "bank",
  workers,
  stopsAtFirst,
  done,
}: Seeds): Promise<void> {
  let next = from;
  const end = from + seeds;
  let hasFailed = false;
  const nextShare = (): Share | undefined => {
    if (next >= end || (stopsAtFirst && hasFailed)) return;
    const share = { from: next, seeds: Math.min(shareSeeds, end - next), stopsAtFirst };
    next += share.seeds;
    return share;
  };
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), {
      workerData: { weakening, load },
      // The options of the main thread are for processes.
      execArgv: [],
    });
    try {
      for (let share = nextShare(); share !== undefined; share = nextShare()) {
        const result = await requestShare(worker, share);
        hasFailed ||= result.failed.length > 0;
        done(result);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
}

function requestShare(worker: Worker, share: Share): Promise<ShareDone> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      worker.off("message", onMessage);
      worker.off("error", onError);
    };
    const onMessage = (done: ShareDone): void => {
      settle();
      resolve(done);
    };
    const onError = (error: Error): void => {
      settle();
      reject(error);
    };
    worker.on("message", onMessage);
    worker.on("error", onError);
    worker.postMessage(share);
  });
}
