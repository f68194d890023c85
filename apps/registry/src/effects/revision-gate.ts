import { registryErrors } from "../errors.ts";

/** Lets those through who wait until a revision has been taken in. */
export class RevisionGate {
  #revision = 0;
  #closed = false;
  #waiting: {
    readonly revision: number;
    readonly resolve: () => void;
    readonly reject: (reason: unknown) => void;
  }[] = [];

  reached(revision: number): Promise<void> {
    if (revision <= this.#revision) return Promise.resolve();
    if (this.#closed) return Promise.reject(registryErrors.loading());
    return new Promise((resolve, reject) => this.#waiting.push({ revision, resolve, reject }));
  }

  advance(revision: number): void {
    this.#revision = Math.max(this.#revision, revision);
    const waiting = this.#waiting;
    this.#waiting = waiting.filter((one) => one.revision > this.#revision);
    for (const one of waiting) if (one.revision <= this.#revision) one.resolve();
  }

  /** Revisions begin again; what those who wait were promised is gone. */
  beginAnew(): void {
    this.#revision = 0;
    for (const one of this.#waiting.splice(0)) one.reject(registryErrors.loading());
  }

  /** Turns away everyone who waits, and whoever comes. */
  close(): void {
    this.#closed = true;
    this.beginAnew();
  }
}
