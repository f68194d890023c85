import type { CloudEventInput } from "@tutti/rest/types";
import type { RunStarter } from "@tutti/sdk/adapters";
import type { Server } from "../../server/calls.ts";
import { interruptionOf } from "../../server/messages.ts";

export interface EventPostsOptions {
  /** Name of the source. */
  readonly name: string;
  /** Type of its events. */
  readonly type: string;
  readonly posted: (event: CloudEventInput) => void;
}

interface Waiting {
  readonly event: CloudEventInput;
  readonly settled: PromiseWithResolvers<void>;
}

/** Maximum of events in one request. */
const eventsMax = 100;

/**
 * Posts an event for each message that would start a run. Messages that come while a request is under way share the
 * next one. If the platform refuses a request, each of its events is posted alone, so that one cannot hold up others.
 */
export class EventPosts implements RunStarter {
  readonly #server: Server;
  readonly #options: EventPostsOptions;
  #waiting: Waiting[] = [];
  #isPosting = false;

  constructor(server: Server, options: EventPostsOptions) {
    this.#server = server;
    this.#options = options;
  }

  async run(_workflow: string, { id = "", input }: Parameters<RunStarter["run"]>[1]): Promise<void> {
    const { name, type } = this.#options;
    const { data, subject } = input as { readonly data: unknown; readonly subject: string };
    const event = {
      specversion: "1.0" as const,
      id,
      source: `/sources/${name}`,
      type,
      data,
      ...(subject !== "" && { subject }),
    };
    const settled = Promise.withResolvers<void>();
    this.#waiting.push({ event, settled });
    if (!this.#isPosting) void this.#post();
    await settled.promise;
  }

  async #post(): Promise<void> {
    this.#isPosting = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, eventsMax);
      const refusal = await this.#publish(batch);
      if (refusal === undefined || batch.length === 1) this.#settle(batch, refusal);
      else for (const item of batch) this.#settle([item], await this.#publish([item]));
    }
    this.#isPosting = false;
  }

  async #publish(batch: readonly Waiting[]): Promise<unknown> {
    try {
      const events = batch.map(({ event }) => event);
      await this.#server.call("events.publish", { query: this.#server.namespace, body: { events } });
      return undefined;
    } catch (error) {
      return interruptionOf(error) ?? error;
    }
  }

  #settle(batch: readonly Waiting[], refusal: unknown): void {
    for (const { event, settled } of batch) {
      if (refusal !== undefined) settled.reject(refusal);
      else {
        this.#options.posted(event);
        settled.resolve();
      }
    }
  }
}
