/** All services in one process with the front door, called like a program calls it. */
import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { text } from "node:stream/consumers";
import { RestartableHost } from "@tutti/host/testing";
import { services } from "../../src/service.ts";

export interface RequestInput {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: OutgoingHttpHeaders;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  /** The text parsed as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it as into any JSON
  readonly json: any;
}

export class Front implements AsyncDisposable {
  readonly keptHost: RestartableHost;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 });

  static async open(): Promise<Front> {
    return new Front(await RestartableHost.open({ name: "front", services, transport: "grpc" }));
  }

  private constructor(keptHost: RestartableHost) {
    this.keptHost = keptHost;
  }

  get url(): string {
    return this.keptHost.host.url;
  }

  async request(path: string, input: RequestInput = {}): Promise<Reply> {
    const answer = await this.open(path, input);
    const bodyText = await text(answer);
    const isJson = /json/.test(answer.headers["content-type"] ?? "");
    const json = isJson && bodyText !== "" ? JSON.parse(bodyText) : undefined;
    return { status: answer.statusCode ?? 0, headers: answer.headers, text: bodyText, json };
  }

  get(path: string, headers: OutgoingHttpHeaders = {}): Promise<Reply> {
    return this.request(path, { headers });
  }

  post(path: string, body?: unknown, headers: OutgoingHttpHeaders = {}): Promise<Reply> {
    return this.request(path, { method: "POST", body, headers });
  }

  /** Returns the response when its headers arrive. */
  open(path: string, { method = "GET", body, headers = {} }: RequestInput = {}): Promise<IncomingMessage> {
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
    await this.keptHost[Symbol.asyncDispose]();
  }
}
