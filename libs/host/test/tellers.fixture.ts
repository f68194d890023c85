/** Tellers move money between accounts all the time, and know the exact expected amount of every account. */
import { TuttiError } from "@tutti/kernel";
import type { Client } from "./cluster.fixture.ts";

export interface TellersOptions {
  readonly clients: readonly Client[];
  readonly accounts: readonly string[];
  readonly chains: number;
  readonly name: string;
}

export class Tellers {
  /** Acknowledged moves, as the sum per account. */
  readonly moved = new Map<string, number>();
  readonly calls: { readonly from: string; readonly endMs: number; readonly durationMs: number }[] = [];
  /** Reasons and numbers of repetitions under the same key. */
  readonly repeated = new Map<string, number>();
  #running = true;
  #number = 0;
  readonly #chains: Promise<void>[];

  constructor({ clients, accounts, chains, name }: TellersOptions) {
    this.#chains = Array.from({ length: chains }, (_, chain) => {
      const client = clients[chain % clients.length];
      if (client === undefined) throw new Error("no teller is available");
      return this.#run(client, accounts, chain, name);
    });
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#chains);
  }

  async #run(client: Client, accounts: readonly string[], chain: number, name: string): Promise<void> {
    for (let turn = chain; this.#running; turn++) {
      const from = accounts[turn % accounts.length] ?? "";
      const to = accounts[(turn * 7 + chain + 1) % accounts.length] ?? "";
      if (from === to) continue;
      const call = `${name}-${this.#number++}`;
      const sinceMs = performance.now();
      await this.#untilAcknowledged(() => client.transfer(from, to, call, 1));
      const endMs = performance.now();
      this.calls.push({ from, endMs, durationMs: endMs - sinceMs });
      this.#add(from, -1);
      this.#add(to, 1);
    }
  }

  /** Repeats an unacknowledged call under the same key, because it may have had its effect. */
  async #untilAcknowledged(work: () => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        await work();
        return;
      } catch (error) {
        const code = error instanceof TuttiError ? error.code : String(error);
        if (!(error instanceof TuttiError) || !error.retryable) throw error;
        this.repeated.set(code, (this.repeated.get(code) ?? 0) + 1);
      }
    }
  }

  #add(account: string, cents: number): void {
    this.moved.set(account, (this.moved.get(account) ?? 0) + cents);
  }
}
