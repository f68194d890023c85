import { assert } from "@tutti/kernel";

/** Bounds the requests under way: new ones wait for earlier ones. A single one always fits. */
export class Room {
  readonly #countMax: number;
  readonly #bytesMax: number;
  readonly #waiting: { readonly count: number; readonly bytes: number; readonly enter: () => void }[] = [];
  #count = 0;
  #bytes = 0;

  constructor(countMax: number, bytesMax: number) {
    this.#countMax = countMax;
    this.#bytesMax = bytesMax;
  }

  /** Resolves when there is room. Rejects with the signal's reason when there is no waiter any more. */
  async enter(count: number, bytes: number, signal: AbortSignal): Promise<void> {
    if (this.#waiting.length === 0 && this.#hasRoom(count, bytes)) return this.#reserve(count, bytes);
    await new Promise<void>((resolve, reject) => {
      const waiter = {
        count,
        bytes,
        enter: () => {
          signal.removeEventListener("abort", onAbort);
          this.#reserve(count, bytes);
          resolve();
        },
      };
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(signal.reason);
        this.#admitWaiting();
      };
      this.#waiting.push(waiter);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  release(count: number, bytes: number): void {
    this.#count -= count;
    this.#bytes -= bytes;
    assert(this.#count >= 0 && this.#bytes >= 0, "room is released once", { count: this.#count });
    this.#admitWaiting();
  }

  #admitWaiting(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (!this.#hasRoom(first.count, first.bytes)) return;
      this.#waiting.shift();
      first.enter();
    }
  }

  #hasRoom(count: number, bytes: number): boolean {
    return (
      this.#count === 0 || (this.#count + count <= this.#countMax && this.#bytes + bytes <= this.#bytesMax)
    );
  }

  #reserve(count: number, bytes: number): void {
    this.#count += count;
    this.#bytes += bytes;
  }
}
