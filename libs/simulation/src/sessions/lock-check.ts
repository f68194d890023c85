/** Checks locks by their durable events: they exclude each other, and a released token is never reused. */

interface Hold {
  readonly holder: string;
  readonly isShared: boolean;
}

export class LockCheck {
  readonly #find: (problem: string) => void;
  readonly #holds = new Map<string, Map<number, Hold>>();
  readonly #waits = new Map<string, Map<number, Hold>>();
  readonly #lastTokens = new Map<string, number>();

  constructor(find: (problem: string) => void) {
    this.#find = find;
  }

  /** A lock that an agent still holds. Undefined for none. */
  get held(): string | undefined {
    for (const [name, holds] of this.#holds)
      for (const { holder } of holds.values()) return `${holder} holds ${name}`;
    return undefined;
  }

  /** Checks that a holder has the lock. */
  requireHeld(name: string, holder: string): void {
    const holds = [...(this.#holds.get(name)?.values() ?? [])];
    if (!holds.some((hold) => hold.holder === holder))
      this.#find(
        `${holder} continues with ${name}, which ${holds.map((hold) => hold.holder).join() || "none"} holds`,
      );
  }

  // biome-ignore lint/suspicious/noExplicitAny: each event has a body of its own, read by its name
  event(name: string, type: string, body: any): void {
    const holds = this.#holds.get(name) ?? new Map<number, Hold>();
    const waits = this.#waits.get(name) ?? new Map<number, Hold>();
    this.#holds.set(name, holds);
    this.#waits.set(name, waits);
    if (type === "permits_taken") {
      const { token, holder, shared: isShared } = body.hold;
      this.#grant(name, holds, token, { holder, isShared });
    } else if (type === "lock_wait_begun") {
      const { ticket, holder, shared: isShared } = body.wait;
      waits.set(ticket, { holder, isShared });
    } else if (type === "lock_wait_ended") waits.delete(body.ticket);
    else if (type === "permits_granted") {
      const wait = waits.get(body.ticket);
      waits.delete(body.ticket);
      if (wait === undefined) this.#find(`${name} is granted to a holder that does not wait`);
      else this.#grant(name, holds, body.token, wait);
    } else if (releaseEvents.has(type)) holds.delete(body.token);
  }

  #grant(name: string, holds: Map<number, Hold>, token: number, hold: Hold): void {
    const last = this.#lastTokens.get(name) ?? 0;
    if (token <= last) this.#find(`${name} is held under ${token} after ${last}`);
    this.#lastTokens.set(name, token);
    for (const other of holds.values())
      if (!(other.isShared && hold.isShared))
        this.#find(`${name} is given to ${hold.holder} while ${other.holder} holds it`);
    holds.set(token, hold);
  }
}

const releaseEvents = new Set(["permits_released", "permits_expired", "permits_broken"]);
