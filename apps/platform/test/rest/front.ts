/** All services in one process with the front door, called like a program calls it. */
import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { text } from "node:stream/consumers";
import { KeptHost } from "@tutti/host/testing";
import { services } from "../../src/service.ts";

export interface Said {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: OutgoingHttpHeaders;
}

export interface Heard {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  /** The text parsed as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it as into any JSON
  readonly json: any;
}

export class Front implements AsyncDisposable {
  readonly kept: KeptHost;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 });

  static async open(): Promise<Front> {
    return new Front(await KeptHost.open({ name: "front", services, transport: "grpc" }));
  }

  private constructor(kept: KeptHost) {
    this.kept = kept;
  }

  get url(): string {
    return this.kept.host.url;
  }

  async ask(path: string, said: Said = {}): Promise<Heard> {
    const answer = await this.open(path, said);
    const heard = await text(answer);
    const isJson = /json/.test(answer.headers["content-type"] ?? "");
    const json = isJson && heard !== "" ? JSON.parse(heard) : undefined;
    return { status: answer.statusCode ?? 0, headers: answer.headers, text: heard, json };
  }

  get(path: string, headers: OutgoingHttpHeaders = {}): Promise<Heard> {
    return this.ask(path, { headers });
  }

  post(path: string, body?: unknown, headers: OutgoingHttpHeaders = {}): Promise<Heard> {
    return this.ask(path, { method: "POST", body, headers });
  }

  /** Returns the response when its headers arrive. */
  open(path: string, { method = "GET", body, headers = {} }: Said = {}): Promise<IncomingMessage> {
    const bytes = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const sent = request(`${this.url}${path}`, {
        ...{ method, agent: this.#agent },
        headers: { ...(bytes !== undefined && { "content-type": "application/json" }), ...headers },
      });
      sent.once("response", resolve).once("error", reject);
      sent.end(bytes);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    await this.kept[Symbol.asyncDispose]();
  }
}
