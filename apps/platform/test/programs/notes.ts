/**
 * A service as a user would add it: a contract and its handlers, for tests. The content of notes controls the service, so
 * that tests can make it fail, wait, or call other services.
 */

import { registryService } from "@tutti/contracts/registry/v1";
import { type HostContext, runHost, type ServiceModule } from "@tutti/host";
import {
  type CallContext,
  type Component,
  defineSection,
  degraded,
  healthy,
  Orchestrator,
  sleep,
  unhealthy,
} from "@tutti/kernel";
import { type Note, note, noteHandlers, noteService } from "@tutti/mesh/testing";
import * as z from "zod";

const section = defineSection({
  scope: "integration",
  name: "notes",
  schema: z.object({
    service: z.string().default("notes").describe("The name that it is found by."),
    version: z
      .string()
      .default("2.1.0")
      .describe("The version of pay.charge that it offers. Empty for none."),
    money: z.number().default(1).describe("What a charge costs here."),
    delayMs: z.int().default(0).describe("How long it works on a note."),
  }),
});

/** Breaks on demand. */
class NoteStore implements Component {
  state: "healthy" | "degraded" | "unhealthy" = "healthy";

  health() {
    if (this.state === "healthy") return healthy;
    return this.state === "degraded" ? degraded("the shelf bends") : unhealthy("the shelf fell down");
  }
}

class NotesService extends Orchestrator {
  readonly #host: HostContext;
  readonly #store: NoteStore;
  #failing = false;

  constructor(host: HostContext) {
    super("notes", host.foundation, { scope: "integration", version: host.version, healthCacheMs: 0 });
    this.#host = host;
    this.#store = this.register("shelf", new NoteStore());
    const { service, version, money } = this.settings(section);
    host.mesh.serve(
      noteService,
      noteHandlers({
        get: (request, context) => this.#get(request, context),
        put: (request) => this.#put(request),
      }),
      { service },
    );
    if (version === "") return;
    const capability = {
      name: "pay.charge",
      version,
      inputSchema: '{"type":"object","required":["amount"]}',
      outputSchema: '{"type":"object"}',
      cost: { durationMs: 20, money, tokens: 0, by: [] },
      description: "Charges a card.",
    };
    host.announcer.offer(service, [{ namespace: "", capability, providers: 0 }]);
  }

  /** Executes orders for this process. */
  #put(request: Note): Note {
    const { key, text } = request;
    if (key === "failing") this.#failing = text === "yes";
    else if (this.#failing) throw new Error("the pencil broke");
    if (key === "shelf" && (text === "healthy" || text === "degraded" || text === "unhealthy"))
      this.#store.state = text;
    return request;
  }

  async #get(request: Note, context: CallContext): Promise<Note> {
    const { logger } = context;
    logger.info("note asked for", { text: request.text });
    if (this.#failing) throw new Error("the pencil broke");
    const tags = request.key === "relay" ? await this.#relay(request, context) : [];
    if (request.key !== "relay") await this.#work(request, context);
    logger.info("note answered");
    return note({ ...request, tags: [this.#host.processId, ...tags] });
  }

  async #work({ text }: Note, { logger, signal }: CallContext): Promise<void> {
    const { delayMs } = this.settings(section);
    if (delayMs > 0) await sleep(this.foundation.timers, delayMs, signal);
    if (text !== "forever") return;
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    logger.info("work on the note stopped", { error: signal.reason });
  }

  /** Calls other services as part of the served call, so that its trace and its deadline continue. */
  async #relay(request: Note, context: CallContext): Promise<readonly string[]> {
    const { mesh } = this.#host;
    const { services } = await mesh.client(registryService).listServices({ page: undefined }, { context });
    context.logger.info("services looked up", { services: services.map(({ name }) => name) });
    const { tags } = await mesh.client(noteService).get({ ...request, key: "" }, { context });
    return tags;
  }
}

const notes: ServiceModule = {
  name: "notes",
  sections: [section],
  create: (host) => new NotesService(host),
};

await runHost({ name: "notes", services: [notes] });
