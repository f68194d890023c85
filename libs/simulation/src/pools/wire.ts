import type { PoolScene } from "./pool-scene.ts";

const spacingMs = 1e-3;
const delayMs = { least: 0.2, most: 12 } as const;

/**
 * One direction of a connection: every message arrives once, in order, and late. If it is cut, it keeps
 * messages in flight, as a link does. If it breaks, it loses them.
 */
export class Wire {
  readonly #world: PoolScene;
  #freeMs = 0;
  #isBroken = false;
  #waiting: (() => void)[] | undefined;

  constructor(world: PoolScene) {
    this.#world = world;
  }

  send(arrive: () => void): void {
    if (this.#isBroken) return;
    if (this.#waiting !== undefined) {
      this.#waiting.push(arrive);
      return;
    }
    const { nowMs } = this.#world;
    // Always a little later than the previous one: times that are computed in different ways differ in the
    // last digit.
    this.#freeMs = Math.max(this.#freeMs + spacingMs, nowMs + this.#world.draw(delayMs.least, delayMs.most));
    this.#world.after(this.#freeMs - nowMs, () => {
      if (this.#isBroken) return;
      if (this.#waiting === undefined) arrive();
      else this.#waiting.push(arrive);
    });
  }

  disconnect(): void {
    this.#waiting ??= [];
  }

  resume(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const arrive of waiting) this.send(arrive);
  }

  break(): void {
    this.#isBroken = true;
  }
}
