import type { ServiceHost } from "@tutti/host";
import { numberOf } from "./raw-agent.ts";
import { Sender } from "./sender.ts";

/** A service with tasks. It offers outstanding tasks again whenever the owner changes. */
export class Service {
  readonly #host: ServiceHost;
  readonly #namespace: string;
  readonly #outstanding = new Set<number>();
  readonly #before: Sender[] = [];
  #sender: Sender;
  /** How often the stream was opened again. */
  breaks = 0;

  constructor(host: ServiceHost, namespace: string) {
    this.#host = host;
    this.#namespace = namespace;
    this.#sender = this.#open();
  }

  offer(tasks: readonly number[]): void {
    for (const task of tasks) this.#outstanding.add(task);
    this.#sender.offer(tasks);
  }

  /** Acknowledges on the stream. Returns the ended tasks, once for each report. */
  get ended(): number[] {
    const { error, hasEnded, replies } = this.#sender;
    if (error !== undefined || hasEnded || replies.some(({ moved }) => moved.length > 0)) {
      this.breaks++;
      this.#sender.close();
      this.#before.push(this.#sender);
      this.#sender = this.#open();
      this.#sender.offer([...this.#outstanding]);
    }
    const all = [...this.#before, this.#sender].flatMap((sender) => sender.replies);
    const ended = all.flatMap(({ results }) => results.map(({ token }) => numberOf(token)));
    for (const task of ended) this.#outstanding.delete(task);
    return ended;
  }

  /** Confirms every reported result as durable. */
  confirmResults(): void {
    const count = this.#sender.replies.flatMap(({ results }) => results).length;
    this.#sender.sendRequest({ resultsDurable: count });
  }

  #open(): Sender {
    return new Sender(this.#host.mesh, { namespace: this.#namespace });
  }
}
