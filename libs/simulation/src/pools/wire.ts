import type { PoolScene } from "./pool-scene.ts";

const apartMs = 1e-3;
const delayMs = { least: 0.2, most: 12 } as const;

/**
 * One direction of a connection: everything once, in order, later. Cut, it keeps what is under way, as a link does.
 * Broken, it loses it.
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
    // Always a little later than the one before: moments that are counted from different ones are not alike to the last
    // digit.
    this.#freeMs = Math.max(this.#freeMs + apartMs, nowMs + this.#world.draw(delayMs.least, delayMs.most));
    this.#world.after(this.#freeMs - nowMs, () => {
      if (this.#isBroken) return;
      if (this.#waiting === undefined) arrive();
      else this.#waiting.push(arrive);
    });
  }

  cut(): void {
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
