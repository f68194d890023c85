/**
 * What of a partition is paused. A pause is started when the partition is loaded, and is a record of the partition
 * itself, as what is released of it later: so it lasts through crashes and moves, until it is ended.
 *
 * 1. While a machine is paused none of its effects is started and none of its timers expires. Commands, messages and
 *    results of what was started before are taken as ever: they change what is known, and nothing in the world.
 * 2. What is released stays released in this pause. Those of a smaller share are among those of a larger one.
 */
import type { PauseState, WorkReleased } from "@tutti/contracts/runtime/v1";
import type { Actor } from "@tutti/contracts/types/v1";
import { stableHash } from "@tutti/kernel";
import type { Instance, InstanceTimer } from "./instance.ts";

/** All of them, in hundredths. */
const wholeShare = 100;

export class Pause {
  #state: PauseState | undefined;
  /** By namespace, with none for all: how many of a hundred continue. */
  readonly #shares = new Map<string, number>();
  /** Timers that came due. */
  readonly #due = new Set<InstanceTimer>();

  /** The pause as it is stored. */
  get state(): PauseState | undefined {
    return this.#state && { ...this.#state, released: this.#released };
  }

  get isOn(): boolean {
    return this.#state?.over === false;
  }

  /** Nothing of it was released. */
  get isWhole(): boolean {
    return this.isOn && this.#shares.size === 0;
  }

  get name(): string {
    return this.#state?.name ?? "";
  }

  restore(state: PauseState | undefined): void {
    if (state === undefined) return;
    this.start(state.name, state.sinceMs, state.by);
    for (const released of state.released) this.release(released);
  }

  start(name: string, sinceMs: number, by: Actor | undefined): void {
    this.#shares.clear();
    this.#state = { name, sinceMs, by, released: [], over: false };
  }

  release({ namespace, share }: WorkReleased): void {
    if (this.#state === undefined) return;
    this.#shares.set(namespace, Math.max(share, this.#shares.get(namespace) ?? 0));
    if (namespace === "" && share >= wholeShare) this.#state.over = true;
  }

  /** Returns whether a release would change nothing. */
  has({ namespace, share }: WorkReleased): boolean {
    return !this.isOn || this.#shareOf(namespace) >= share;
  }

  holds({ key, hosted }: Pick<Instance, "key" | "hosted">): boolean {
    if (!this.isOn || hosted.machine.goesOnPaused === true) return false;
    const { namespace, kind, id } = key;
    const share = this.#shareOf(namespace);
    return share < wholeShare && stableHash(namespace, kind, `${id}/share`) % wholeShare >= share;
  }

  /** A timer of a paused machine has come due. */
  hold(timer: InstanceTimer): void {
    this.#due.add(timer);
  }

  /** Takes out the timers that came due of machines that are paused no longer. */
  takeDue(): readonly InstanceTimer[] {
    const taken: InstanceTimer[] = [];
    for (const timer of this.#due) {
      const { instance, number } = timer;
      const isSet = instance.timers?.get(number) === timer;
      if (isSet && this.holds(instance)) continue;
      this.#due.delete(timer);
      if (isSet) taken.push(timer);
    }
    return taken;
  }

  #shareOf(namespace: string): number {
    return Math.max(this.#shares.get("") ?? 0, this.#shares.get(namespace) ?? 0);
  }

  get #released(): WorkReleased[] {
    return [...this.#shares].map(([namespace, share]) => ({ namespace, share }));
  }
}
