/** A server with only the realtime endpoints: a bus in memory, and time that a test controls. */
import type { Server } from "node:http";
import { type EventInput, MemoryBus, type Retention } from "@tutti/bus";
import { errorFromUnknown, localAdministrator, toProblem } from "@tutti/kernel";
import { type TestFoundation, testFoundation } from "@tutti/kernel/testing";
import { type FastifyInstance, fastify } from "fastify";
import type { Caller } from "../../src/access/access.ts";
import { type RealtimeSettings, realtimeSection } from "../../src/realtime/configuration.ts";
import { type FollowedReplies, Realtime } from "../../src/realtime/realtime.ts";

export interface RealtimeServerOptions {
  readonly settings?: Partial<RealtimeSettings>;
  readonly retention?: Partial<Retention>;
  readonly replies?: FollowedReplies["open"];
  /** Default: true. */
  readonly hasSnapshot?: boolean;
}

const local: Caller = { principal: localAdministrator, by: "loopback" };

export class RealtimeServer implements AsyncDisposable {
  readonly foundation: TestFoundation;
  readonly realtime: Realtime;
  bus: MemoryBus;
  readonly #app: FastifyInstance;
  #url = "";
  #events = 0;

  static async start(options: RealtimeServerOptions = {}): Promise<RealtimeServer> {
    const server = new RealtimeServer(options);
    server.#url = await server.#app.listen({ host: "127.0.0.1", port: 0 });
    return server;
  }

  private constructor({ settings = {}, retention = {}, replies, hasSnapshot = true }: RealtimeServerOptions) {
    this.foundation = testFoundation();
    const createBus = () => new MemoryBus({ retention, foundation: { chance: this.foundation.chance } });
    this.bus = createBus();
    this.#restartBus = () => {
      this.bus = createBus();
    };
    this.realtime = new Realtime({
      bus: { subscribe: (options) => this.bus.subscribe(options), tail: () => this.bus.tail() },
      foundation: this.foundation,
      settings: { ...realtimeSection.schema.parse({}), ...settings },
      requireAllowed: () => {},
    });
    this.#app = fastify();
    this.#app.addHook("onRequest", async (request) => {
      request.caller = local;
    });
    this.#app.setErrorHandler((error, _request, reply) => {
      const problem = toProblem(errorFromUnknown(error));
      return reply.code(problem.status).type("application/problem+json").send(problem);
    });
    this.#app.register(this.realtime.plugin, { prefix: "/v1" });
    if (replies !== undefined) {
      this.#app.get("/replies", (request, reply) =>
        this.realtime.followReplies(request, reply, { hasSnapshot, open: replies }),
      );
    }
    const http: Server = this.#app.server;
    http.on("upgrade", (request, socket, head) => this.realtime.upgrade(request, socket, head, local));
  }

  readonly #restartBus: () => void;

  at(path: string): string {
    return `${this.#url}${path}`;
  }

  /** Starts a new log, as after a restart of the process. */
  forgetEvents(): void {
    this.#restartBus();
  }

  /** Publishes events with these subjects. */
  async publish(...subjects: readonly string[]): Promise<void> {
    await this.bus.publish(subjects.map((subject) => this.event({ subject })));
  }

  event(overrides: Partial<EventInput> = {}): EventInput {
    this.#events++;
    return {
      id: `event-${this.#events}`,
      source: "/tutti/test",
      type: "tutti.test.thing.happened",
      subject: `thing-${this.#events}`,
      namespace: "default",
      timeMs: 1_767_225_600_000,
      data: new TextEncoder().encode('{"a":1}'),
      ...overrides,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.realtime.stop();
    await this.#app.close();
  }
}
