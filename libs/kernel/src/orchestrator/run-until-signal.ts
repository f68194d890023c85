/**
 * The main function of a process: starts an orchestrator, waits for a reason to end, and ends gracefully.
 *
 * 1. The first signal stops: running work is finished, the process exits with 0, or with 1 if something did not stop.
 * 2. The second one exits at once with 128 + its number, as shells expect of a process ended by a signal.
 * 3. An uncaught fault is logged and ends the process with 1 in the same graceful way. Interrupted work may be half
 *    done, so the process must not continue, but the rest is drained.
 * 4. An orchestrator that fails or is stopped by itself ends the process too.
 */
import type { Logger } from "../ports/logger.ts";
import { type ProcessEdge, type StopSignal, signalNumbers, systemProcess } from "../ports/process.ts";
import { thisSystem } from "../ports/system.ts";
import type { Listener, Unsubscribe } from "./events.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { OrchestratorEvents } from "./orchestrator-events.ts";

export interface RunOptions {
  /** Default: the process itself. */
  readonly edge?: ProcessEdge;
  /** Default: those of the system, on Linux SIGTERM and SIGINT. */
  readonly signals?: readonly StopSignal[];
  /** Called when it is ready. An error that it throws is a fault. */
  readonly ready?: () => void | Promise<void>;
  /** Called last, before the process exits gracefully: to flush data in memory. */
  readonly flush?: () => void | Promise<void>;
}

/** The required part of an orchestrator. */
export interface Runnable {
  readonly name: string;
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
  start(): Promise<void>;
  stop(): Promise<void>;
  on(event: "stateChanged", listener: Listener<OrchestratorEvents["stateChanged"]>): Unsubscribe;
}

/** Returns the exit code, for tests: a real process has exited by then. */
export async function runUntilSignal(orchestrator: Runnable, options: RunOptions = {}): Promise<number> {
  const { edge = systemProcess, signals = thisSystem.stopSignals, ready, flush } = options;
  const { logger } = orchestrator;
  const exited = Promise.withResolvers<number>();
  let stopping = false;
  let faults = 0;

  const stop = (): void => {
    stopping = true;
    // Its failure is in the lifecycle, and in the log.
    orchestrator.stop().catch(() => {});
  };
  const fault = (error: unknown, origin: string): void => {
    faults++;
    logger.fatal("uncaught error, exiting", { origin, error });
    if (!stopping) stop();
  };
  const releases = [
    edge.keepAlive(),
    edge.onFault(fault),
    ...signals.map((signal) =>
      edge.onSignal(signal, () => {
        if (stopping) {
          logger.warn("second stop signal received, exiting immediately", { signal });
          exit(128 + signalNumbers[signal]);
          return;
        }
        logger.info("stop signal received, finishing running work. A second signal exits immediately", {
          signal,
        });
        stop();
      }),
    ),
  ];
  const exit = (code: number): void => {
    for (const release of releases.splice(0)) release();
    edge.exit(code);
    exited.resolve(code);
  };

  const ended = endOf(orchestrator);
  orchestrator
    .start()
    .then(ready)
    .catch((error: unknown) => {
      // A start that failed or was aborted is reported, and ends the orchestrator by itself.
      if (orchestrator.lifecycle.state === "ready") fault(error, "ready");
    });
  ended
    .then(async () => {
      await flush?.();
    })
    .catch((error: unknown) => fault(error, "flush"))
    .finally(() => exit(faults > 0 || orchestrator.lifecycle.state === "failed" ? 1 : 0));
  return exited.promise;
}

/** Resolves when the orchestrator is in a final state. */
function endOf(orchestrator: Runnable): Promise<void> {
  const over = ({ state }: Lifecycle): boolean => state === "stopped" || state === "failed";
  if (over(orchestrator.lifecycle)) return Promise.resolve();
  return new Promise((resolve) => {
    const off = orchestrator.on("stateChanged", ({ to }) => {
      if (!over(to)) return;
      off();
      resolve();
    });
  });
}
