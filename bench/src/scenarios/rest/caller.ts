/** Efficient calls over HTTP: connections are kept, and only the needed parts are parsed. */
import { Agent, request } from "node:http";

export interface Answered {
  readonly status: number;
  readonly body: string;
}

export class Caller implements Disposable {
  readonly #url: string;
  readonly #agent: Agent;

  constructor(url: string, connections: number) {
    this.#url = url;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  call(method: "GET" | "POST" | "PUT", path: string, body?: object): Promise<Answered> {
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    return new Promise((resolve, reject) => {
      const headers = bytes && { "content-type": "application/json", "content-length": bytes.length };
      const sent = request(`${this.#url}${path}`, {
        method,
        agent: this.#agent,
        ...(headers && { headers }),
      });
      sent.once("error", reject);
      sent.once("response", (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (part: string) => {
          text += part;
        });
        answer.once("end", () => resolve({ status: answer.statusCode ?? 0, body: text }));
        answer.once("error", reject);
      });
      sent.end(bytes);
    });
  }

  /** Makes a call that must succeed. */
  async must(method: "GET" | "POST" | "PUT", path: string, body?: object): Promise<Answered> {
    const answered = await this.call(method, path, body);
    if (answered.status >= 300) throw new Error(`${method} ${path}: ${answered.status} ${answered.body}`);
    return answered;
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
