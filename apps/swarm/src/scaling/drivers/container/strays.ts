/**
 * Containers that this process started in this life or an earlier one and that no driver holds: of a scaler that was
 * removed or whose pool went elsewhere while no process was there to end them, or that an engine would not remove.
 *
 * They are asked to end when they were seen twice, and removed when they are there still after that. Between two looks
 * there is time for pools to be opened, and for agents to finish what they have.
 */
import { errorFromUnknown, type Logger } from "@tutti/kernel";
import type { ContainerEngine } from "./engine.ts";
import { labelNames } from "./labels.ts";

export interface StraysParts {
  readonly engines: readonly ContainerEngine[];
  readonly ownerId: string;
  /** Whether a driver has this launch. */
  readonly isHeld: (launchId: string) => boolean;
  readonly logger: Logger;
}

export class Strays {
  readonly #parts: StraysParts;
  /** How often each was seen, by id. */
  #seen = new Map<string, number>();

  constructor(parts: StraysParts) {
    this.#parts = parts;
  }

  async look(): Promise<void> {
    const { engines, logger } = this.#parts;
    const seen = new Map<string, number>();
    for (const engine of engines)
      await this.#lookAt(engine, seen).catch((thrown: unknown) => {
        const error = errorFromUnknown(thrown);
        logger.debug("failed to list containers", { socket: engine.socket, error });
      });
    this.#seen = seen;
  }

  async #lookAt(engine: ContainerEngine, seen: Map<string, number>): Promise<void> {
    const { ownerId, isHeld, logger } = this.#parts;
    for (const { id, isRunning, labels } of await engine.list({ [labelNames.keeper]: ownerId })) {
      if (isHeld(labels[labelNames.launch] ?? "")) continue;
      const times = (this.#seen.get(id) ?? 0) + 1;
      seen.set(id, times);
      if (times === 1) continue;
      const agent = labels[labelNames.agent] ?? "";
      logger.warn("stopping an agent container without a scaler", { agent, container: id });
      if (isRunning && times === 2) await engine.signal(id, "SIGTERM");
      else await engine.remove(id);
    }
  }
}
