/**
 * The pause of a partition. A pause starts when the partition is loaded. It and its later releases are records of the
 * partition itself, so it lasts through crashes and moves until it is ended.
 *
 * 1. While a machine is paused, none of its effects is started and none of its timers expires. Commands, messages and
 *    results of effects started before are accepted as usual: they change the state, but nothing outside.
 * 2. A released machine stays released in this pause. The machines of a smaller share are among those of a larger
 *    share.
 */
import type { PauseState, WorkReleased } from "@tutti/contracts/runtime/v1";
import type { Actor } from "@tutti/contracts/types/v1";
import { stableHash } from "@tutti/kernel";
import type { Instance, InstanceTimer } from "./instance.ts";

/** All machines, in hundredths. */
const fullShare = 100;

export class Pause {
  #state: PauseState | undefined;
  /** By namespace, empty for all: the percentage that continues. */
  readonly #shares = new Map<string, number>();
  /** Timers of paused machines that came due. */
  readonly #due = new Set<InstanceTimer>();

  /** The pause as it is stored. */
  get state(): PauseState | undefined {
    return this.#state && { ...this.#state, released: this.#released };
  }

  get isOn(): boolean {
    return this.#state?.over === false;
  }

  /** True if nothing was released. */
  get isFull(): boolean {
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
    if (namespace === "" && share >= fullShare) this.#state.over = true;
  }

  /** Returns whether a release would change nothing. */
  has({ namespace, share }: WorkReleased): boolean {
    return !this.isOn || this.#shareOf(namespace) >= share;
  }

  isPaused({ key, hosted }: Pick<Instance, "key" | "hosted">): boolean {
    if (!this.isOn || hosted.machine.runsWhilePaused === true) return false;
    const { namespace, kind, id } = key;
    const share = this.#shareOf(namespace);
    return share < fullShare && stableHash(namespace, kind, `${id}/share`) % fullShare >= share;
  }

  /** A timer of a paused machine has come due. */
  deferTimer(timer: InstanceTimer): void {
    this.#due.add(timer);
  }

  /** Removes and returns the due timers of machines that are no longer paused. */
  drainDue(): readonly InstanceTimer[] {
    const resumed: InstanceTimer[] = [];
    for (const timer of this.#due) {
      const { instance, number } = timer;
      const isSet = instance.timers?.get(number) === timer;
      if (isSet && this.isPaused(instance)) continue;
      this.#due.delete(timer);
      if (isSet) resumed.push(timer);
    }
    return resumed;
  }

  #shareOf(namespace: string): number {
    return Math.max(this.#shares.get("") ?? 0, this.#shares.get(namespace) ?? 0);
  }

  get #released(): WorkReleased[] {
    return [...this.#shares].map(([namespace, share]) => ({ namespace, share }));
  }
}
