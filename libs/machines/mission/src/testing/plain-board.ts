/**
 * A second reading of what a board promises, as plain as can be: lists that are gone through, nothing kept that could
 * be counted. Tasks that are claimed under a budget of tokens, and a blackboard. The machine is compared with it.
 */
export interface PlainTask {
  readonly id: string;
  readonly priority: number;
  readonly estimate: number;
  readonly addMs: number;
  state: "ready" | "claimed" | "completed" | "failed";
  agent: string;
  /** How often it was claimed: what an older claim bears is nobody's. */
  claims: number;
  dueMs: number;
  reserved: number;
  lost: number;
}

export interface PlainClaim {
  readonly task: string;
  readonly claim: number;
  readonly agent: string;
}

interface PlainReservation {
  readonly amount: number;
  spent: number;
  isOpen: boolean;
}

const leaseMs = 5_000;
const ageingMs = 60_000;
const lostMax = 10;

export class PlainBoard {
  readonly limit: number;
  nowMs: number;
  spent = 0;
  overrun = 0;
  isUsedUp = false;
  readonly tasks: PlainTask[] = [];
  readonly reservations: PlainReservation[] = [];
  readonly entries = new Map<string, { value: number | undefined; version: number }>();

  constructor(limit: number, nowMs: number) {
    this.limit = limit;
    this.nowMs = nowMs;
  }

  get reserved(): number {
    const ofTasks = this.tasks.reduce((sum, { reserved }) => sum + reserved, 0);
    return this.reservations.reduce(
      (sum, { amount, spent, isOpen }) => sum + (isOpen ? amount - spent : 0),
      ofTasks,
    );
  }

  get available(): number {
    return this.limit - this.spent - this.reserved;
  }

  add(id: string, priority: number, estimate: number): boolean {
    if (this.tasks.some((task) => task.id === id)) return false;
    const { nowMs } = this;
    this.tasks.push({
      ...{ id, priority, estimate, addMs: nowMs, state: "ready", agent: "", claims: 0 },
      ...{ dueMs: 0, reserved: 0, lost: 0 },
    });
    return true;
  }

  /** The most urgent that is ready: by when it was added, a minute per point of priority, and its place. */
  claim(agent: string): PlainClaim | undefined {
    if (this.isUsedUp) return undefined;
    const urgency = ({ addMs, priority }: PlainTask) => addMs - priority * ageingMs;
    let first: PlainTask | undefined;
    for (const task of this.tasks)
      if (task.state === "ready" && (first === undefined || urgency(task) < urgency(first))) first = task;
    if (first === undefined) return undefined;
    if (this.available <= 0 || first.estimate > this.available) {
      if (this.reserved === 0) this.isUsedUp = true;
      return undefined;
    }
    first.state = "claimed";
    first.agent = agent;
    first.claims += 1;
    first.dueMs = this.nowMs + leaseMs;
    first.reserved = first.estimate;
    return { task: first.id, claim: first.claims, agent };
  }

  #held({ task: id, claim, agent }: PlainClaim): PlainTask | undefined {
    return this.tasks.find(
      (task) => task.id === id && task.state === "claimed" && task.claims === claim && task.agent === agent,
    );
  }

  complete(claim: PlainClaim, used: number, isWell: boolean): boolean {
    const task = this.#held(claim);
    if (task === undefined) return false;
    const booked = Math.min(used, task.reserved + this.available);
    task.reserved = 0;
    this.spent += booked;
    this.overrun += used - booked;
    task.state = isWell ? "completed" : "failed";
    return true;
  }

  release(claim: PlainClaim): boolean {
    const task = this.#held(claim);
    if (task === undefined) return false;
    task.reserved = 0;
    task.state = "ready";
    return true;
  }

  /** Leases run out one by one. What a silent agent was given counts as used. */
  advance(ms: number): void {
    this.nowMs += ms;
    for (const task of this.tasks) {
      if (task.state !== "claimed" || task.dueMs > this.nowMs) continue;
      this.spent += task.reserved;
      task.reserved = 0;
      task.lost += 1;
      task.state = task.lost >= lostMax ? "failed" : "ready";
    }
  }

  reserve(amount: number): number | undefined {
    if (amount > this.available) {
      this.isUsedUp = true;
      return undefined;
    }
    this.reservations.push({ amount, spent: 0, isOpen: true });
    return this.reservations.length;
  }

  spend(number: number, amount: number): boolean {
    const reservation = this.reservations[number - 1];
    if (reservation?.isOpen !== true || amount > reservation.amount - reservation.spent) return false;
    reservation.spent += amount;
    this.spent += amount;
    return true;
  }

  giveBack(number: number): boolean {
    const reservation = this.reservations[number - 1];
    if (reservation?.isOpen !== true) return false;
    reservation.isOpen = false;
    return true;
  }

  put(key: string, value: number | undefined, ifVersion: number | undefined): boolean {
    const before = this.entries.get(key);
    const isThere = before?.value !== undefined;
    if (ifVersion !== undefined && ifVersion !== (isThere ? before?.version : 0)) return false;
    if (value === undefined && !isThere) return false;
    this.entries.set(key, { value, version: (before?.version ?? 0) + 1 });
    return true;
  }
}

export const plainLeaseMs = leaseMs;
