/**
 * Containers of this process, or of an earlier one, that no driver holds. Their scaler was removed or its
 * pool moved while no process could end them, or the engine failed to remove them.
 *
 * A container that was seen twice is asked to end, and one that is still seen then is removed. Between two
 * checks, pools have time to open, and agents to finish their work.
 */
import { errorFromUnknown, type Logger } from "@tutti/kernel";
import type { ContainerEngine } from "./engine.ts";
import { labelNames } from "./labels.ts";

export interface StraysParts {
  readonly engines: readonly ContainerEngine[];
  readonly ownerId: string;
  /** Returns whether a driver has this launch. */
  readonly isOwned: (launchId: string) => boolean;
  readonly logger: Logger;
}

export class Strays {
  readonly #parts: StraysParts;
  /** Number of sightings by id. */
  #sightings = new Map<string, number>();

  constructor(parts: StraysParts) {
    this.#parts = parts;
  }

  async check(): Promise<void> {
    const { engines, logger } = this.#parts;
    const sightings = new Map<string, number>();
    for (const engine of engines)
      await this.#checkEngine(engine, sightings).catch((thrown: unknown) => {
        const error = errorFromUnknown(thrown);
        logger.debug("failed to list containers", { socket: engine.socket, error });
      });
    this.#sightings = sightings;
  }

  async #checkEngine(engine: ContainerEngine, sightings: Map<string, number>): Promise<void> {
    const { ownerId, isOwned, logger } = this.#parts;
    for (const { id, isRunning, labels } of await engine.list({ [labelNames.keeper]: ownerId })) {
      if (isOwned(labels[labelNames.launch] ?? "")) continue;
      const times = (this.#sightings.get(id) ?? 0) + 1;
      sightings.set(id, times);
      if (times === 1) continue;
      const agent = labels[labelNames.agent] ?? "";
      logger.warn("stopping an agent container without a scaler", { agent, container: id });
      if (isRunning && times === 2) await engine.signal(id, "SIGTERM");
      else await engine.remove(id);
    }
  }
}
