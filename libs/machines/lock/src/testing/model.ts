/**
 * A plain model of a lock: lists that are searched from the start after every event, and time that advances by
 * the millisecond.
 */
import { ageingMs, placeRetentionMs } from "../index.ts";

export interface ModelRequest {
  readonly holder: string;
  readonly permits: number;
  readonly shared: boolean;
  readonly priority: number;
  readonly waitMs: number;
  readonly leaseMs: number;
}

interface Waiting extends ModelRequest {
  readonly beginMs: number;
  readonly order: number;
  attendMs: number;
}

interface Holding {
  readonly holder: string;
  readonly permits: number;
  readonly shared: boolean;
  leaseMs: number;
  dueMs: number;
}

export class LockModel {
  permits = 1;
  holds: Holding[] = [];
  waiting: Waiting[] = [];
  #nowMs: number;
  #order = 0;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  tick(): void {
    this.#nowMs++;
    this.holds = this.holds.filter(({ dueMs }) => dueMs > this.#nowMs);
    this.waiting = this.waiting.filter(({ attendMs }) => attendMs + placeRetentionMs > this.#nowMs);
    this.#grantWaiting();
  }

  acquire(request: ModelRequest): void {
    const { holder, permits, shared, waitMs, leaseMs } = request;
    const held = this.holds.find((each) => each.holder === holder);
    const waits = this.waiting.find((each) => each.holder === holder);
    const known = held ?? waits;
    if (known !== undefined && (known.permits !== permits || known.shared !== shared)) return;
    if (held !== undefined) {
      const dueMs = this.#nowMs + leaseMs;
      if (dueMs > held.dueMs) Object.assign(held, { dueMs, leaseMs });
    } else if (waits !== undefined) waits.attendMs = this.#nowMs + waitMs;
    else if (permits <= this.permits) {
      const attendMs = this.#nowMs + waitMs;
      this.waiting.push({ ...request, beginMs: this.#nowMs, order: this.#order++, attendMs });
      this.#grantWaiting();
      // A request without a wait has it by now, or leaves.
      if (waitMs === 0) this.waiting = this.waiting.filter((each) => each.holder !== holder);
    }
  }

  release(holder: string): void {
    this.holds = this.holds.filter((each) => each.holder !== holder);
    this.waiting = this.waiting.filter((each) => each.holder !== holder);
    this.#grantWaiting();
  }

  hangUp(holder: string): void {
    for (const each of this.waiting)
      if (each.holder === holder) each.attendMs = Math.min(each.attendMs, this.#nowMs);
  }

  set(permits: number): void {
    this.permits = permits;
    this.#grantWaiting();
  }

  get line(): readonly string[] {
    return this.#inOrder().map(({ holder }) => holder);
  }

  #inOrder(): Waiting[] {
    const rank = ({ beginMs, priority }: Waiting) => beginMs - priority * ageingMs;
    return this.waiting.toSorted((one, other) => rank(one) - rank(other) || one.order - other.order);
  }

  #grantWaiting(): void {
    for (;;) {
      const [next] = this.#inOrder();
      if (next === undefined) return;
      const isEnd = next.permits > this.permits;
      if (!isEnd && this.#usedPermits([...this.holds, next]) > this.permits) return;
      this.waiting = this.waiting.filter((each) => each !== next);
      if (!isEnd) this.#grant(next);
    }
  }

  #grant({ holder, permits, shared, leaseMs, attendMs }: Waiting): void {
    const fullMs = this.#nowMs + leaseMs;
    const dueMs = attendMs >= this.#nowMs ? fullMs : Math.min(fullMs, attendMs + placeRetentionMs);
    this.holds.push({ holder, permits, shared, leaseMs, dueMs });
  }

  #usedPermits(all: readonly Pick<Holding, "permits" | "shared">[]): number {
    const alone = all.filter(({ shared }) => !shared).reduce((sum, { permits }) => sum + permits, 0);
    return alone + Math.max(0, ...all.filter(({ shared }) => shared).map(({ permits }) => permits));
  }
}
