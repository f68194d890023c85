/** The engines that scalers use, one for each socket. */
import type { Timers } from "@tutti/kernel";
import { ContainerEngine } from "./engine.ts";

export class ContainerEngines {
  readonly #timers: Timers;
  readonly #engines = new Map<string, ContainerEngine>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  at(socket: string): ContainerEngine {
    const engine = this.#engines.get(socket) ?? new ContainerEngine(socket, this.#timers);
    this.#engines.set(socket, engine);
    return engine;
  }
}
