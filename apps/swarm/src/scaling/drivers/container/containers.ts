/**
 * Programs of agents as containers.
 *
 * 1. A silent engine is retried, and does not count as a crash of the agent. A refusal does.
 * 2. A container is removed when it has ended. Its last output is in the log of this process, except if it
 *    was asked to end.
 * 3. A request to end is repeated if it cannot have arrived.
 */
import type { ContainerDriver as ContainerSettings } from "@tutti/contracts/swarm/v1";
import {
  backoffMs,
  errorFromUnknown,
  type Foundation,
  type ReadOnly,
  sleep,
  type TuttiError,
} from "@tutti/kernel";
import { scalingErrors } from "../../errors.ts";
import type { ScalingSettings } from "../../settings.ts";
import type { Earlier } from "../berths/berth-driver.ts";
import type { Ending, LaunchedAs, Programs, Running, StopSignal } from "../berths/programs.ts";
import { type AgentPool, launchedEnvironment } from "../process/environment.ts";
import type { ContainerEngine, ContainerSpec } from "./engine.ts";
import { labelNames, specDigest } from "./labels.ts";

export interface ContainersParts {
  readonly engine: ContainerEngine;
  readonly settings: ReadOnly<ContainerSettings>;
  readonly allowed: ScalingSettings["containers"];
  readonly scalerId: string;
  readonly ownerId: string;
  readonly agentPool: AgentPool;
  readonly foundation: Foundation;
}

const backoff = { firstMs: 500, maxMs: 30_000 };
const linesMax = 20;
/** Longer than any engine takes to report an ended container. */
const recheckEndedMs = 500;

export class Containers implements Programs {
  readonly #parts: ContainersParts;
  readonly #digest: string;
  #trouble: TuttiError | undefined;

  constructor(parts: ContainersParts) {
    this.#parts = parts;
    const { settings, agentPool, allowed } = parts;
    this.#digest = specDigest({ settings, address: agentPool.address, network: allowed.network });
  }

  trouble(): TuttiError | undefined {
    return this.#trouble;
  }

  async launch(as: LaunchedAs, isNeeded: () => boolean): Promise<Running | undefined> {
    const { settings, agentPool } = this.#parts;
    const environment = await launchedEnvironment(settings, agentPool, as);
    const id = await this.#answered(isNeeded, (attempt) => this.#create(as, environment, attempt, isNeeded));
    return id === undefined ? undefined : this.#running(id, as.agentId);
  }

  /**
   * Returns the containers that an earlier process started for the scaler. Nothing is started before they are
   * known, so a refusal is retried too.
   */
  async earlier(isNeeded: () => boolean): Promise<readonly Earlier[]> {
    const { engine, foundation } = this.#parts;
    const listed = await this.#answered(isNeeded, () => engine.list(this.#ownLabels()), true);
    const running: Earlier[] = [];
    for (const { id, isRunning, labels } of listed ?? []) {
      const { [labelNames.agent]: agentId = "", [labelNames.launch]: launchId = "" } = labels;
      if (isRunning) {
        foundation.logger.info("adopted a running container of an earlier process", {
          agent: agentId,
          container: id,
        });
        const isStale = labels[labelNames.spec] !== this.#digest;
        running.push({ agentId, launchId, isStale, running: this.#running(id, agentId) });
      } else await this.#remove(id);
    }
    return running;
  }

  async #create(
    as: LaunchedAs,
    environment: ContainerSpec["environment"],
    attempt: number,
    isNeeded: () => boolean,
  ): Promise<string | undefined> {
    const { engine, allowed, settings } = this.#parts;
    const name = nameOf(as);
    const spec = this.#specOf(as, environment);
    // The engine may have created it at the previous attempt, without an answer.
    if (attempt > 1) await engine.remove(name);
    const { image } = settings;
    let id = await engine.create(name, spec);
    if (id === undefined) {
      const reason =
        allowed.pull === "never" ? "swarm.scaling.containers.pull is never" : await engine.pull(image);
      if (reason !== undefined) throw scalingErrors.imageMissing({ image, reason });
      id = await engine.create(name, spec);
      if (id === undefined)
        throw scalingErrors.imageMissing({ image, reason: "it is missing after the pull" });
    }
    if (isNeeded())
      try {
        await engine.start(id);
        return id;
      } catch (thrown) {
        if (!scalingErrors.engineSilent.is(errorFromUnknown(thrown))) await this.#remove(id);
        throw thrown;
      }
    await this.#remove(id);
    return undefined;
  }

  #running(id: string, agentId: string): Running {
    let sent: StopSignal | undefined;
    const signal = (which: StopSignal) => {
      sent = which;
      this.#parts.engine.signal(id, which).catch((thrown: unknown) => this.#failed(thrown));
    };
    return { ended: this.#endOf(id, agentId, () => sent), signal };
  }

  async #endOf(id: string, agentId: string, sentSignal: () => StopSignal | undefined): Promise<Ending> {
    const { engine, foundation } = this.#parts;
    const { logger, timers } = foundation;
    const ending = await this.#answered(
      () => true,
      async (attempt): Promise<Ending> => {
        const signal = sentSignal();
        if (attempt > 1 && signal !== undefined) await engine.signal(id, signal);
        if (attempt > 1 && (await engine.inspect(id)) !== undefined) this.#trouble = undefined;
        for (;;) {
          await engine.waitForExit(id);
          const end = await engine.inspect(id);
          if (end === undefined) return { kind: "taken away", how: "was removed by another client" };
          if (end !== "running") {
            const lines = await engine.lastLines(id, linesMax);
            if (sentSignal() === undefined)
              for (const line of lines) logger.child({ agent: agentId }).info(line);
            return endingOf(end.code, end.isOutOfMemory, lines.at(-1));
          }
          await sleep(timers, recheckEndedMs);
        }
      },
      true,
    );
    await this.#remove(id);
    return ending ?? { kind: "taken away", how: "was not wanted any more" };
  }

  /**
   * Retries until the engine has answered. Returns undefined if the request is no longer wanted.
   *
   * @param retriesRefusals whether a refused request is retried as well
   */
  async #answered<T>(
    isNeeded: () => boolean,
    work: (attempt: number) => Promise<T>,
    retriesRefusals = false,
  ): Promise<T | undefined> {
    const { timers, chance } = this.#parts.foundation;
    for (let attempt = 1; isNeeded(); attempt++) {
      try {
        const done = await work(attempt);
        this.#trouble = undefined;
        return done;
      } catch (thrown) {
        if (!retriesRefusals && !scalingErrors.engineSilent.is(errorFromUnknown(thrown))) throw thrown;
        this.#failed(thrown);
        await sleep(timers, backoffMs(backoff, Math.min(attempt, 10), chance));
      }
    }
    return undefined;
  }

  #failed(thrown: unknown): void {
    const error = errorFromUnknown(thrown);
    const { foundation, scalerId, engine } = this.#parts;
    if (this.#trouble === undefined)
      foundation.logger.warn("container engine rejected a request", {
        scaler: scalerId,
        socket: engine.socket,
        error,
      });
    this.#trouble = error;
  }

  /** If this fails, the container is found later among those without a holder. */
  async #remove(id: string): Promise<void> {
    await this.#parts.engine.remove(id).catch((thrown: unknown) => this.#failed(thrown));
  }

  #ownLabels(): Record<string, string> {
    const { ownerId, agentPool, scalerId } = this.#parts;
    return {
      [labelNames.keeper]: ownerId,
      [labelNames.namespace]: agentPool.namespace,
      [labelNames.pool]: agentPool.pool,
      [labelNames.scaler]: scalerId,
    };
  }

  #specOf({ agentId, launchId }: LaunchedAs, environment: ContainerSpec["environment"]): ContainerSpec {
    const { settings, allowed } = this.#parts;
    const { image, arguments: args, limits } = settings;
    const own = {
      [labelNames.agent]: agentId,
      [labelNames.launch]: launchId,
      [labelNames.spec]: this.#digest,
    };
    return {
      image,
      arguments: args,
      environment,
      network: allowed.network,
      labels: { ...this.#ownLabels(), ...own },
      cpu: limits["cpu"] ?? 0,
      memoryBytes: limits["memory_bytes"] ?? 0,
    };
  }
}

function endingOf(code: number, isOutOfMemory: boolean, lastLine: string | undefined): Ending {
  if (isOutOfMemory)
    return { kind: "taken away", how: "was ended for want of memory (limits.memory_bytes of its scaler)" };
  if (code === 137) return { kind: "killed", signal: "SIGKILL" };
  return { kind: "exited", code, lastLine };
}

/** Returns a unique name that identifies the agent in lists of containers. */
function nameOf({ agentId, launchId }: LaunchedAs): string {
  const unique = launchId.slice(launchId.lastIndexOf(".") + 1);
  return `tutti-${agentId}-${unique}`.replace(/[^\w.-]/g, "-");
}
