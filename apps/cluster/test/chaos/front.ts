/** The cluster for a client: gateways of which any may be unreachable. */

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the caller knows the form of the answer
  readonly body: any;
}

/** Error codes with a known outcome: the wait for a lock is over. */
const answers: ReadonlySet<unknown> = new Set(["lock.held"]);

/** The outcome of a call is unknown. */
export class Unanswered extends Error {}

export class Front {
  readonly #gateways: readonly string[];
  readonly #patienceMs: number;
  #next = 0;

  /** @param gateways their addresses */
  constructor(gateways: readonly string[], patienceMs = 10_000) {
    this.#gateways = gateways;
    this.#patienceMs = patienceMs;
  }

  /** Sends a request to the next gateway once. Throws `Unanswered` if the outcome is unknown. */
  async tryRequest(
    method: "GET" | "POST" | "PUT",
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const gateway = this.#gateways[this.#next++ % this.#gateways.length] ?? "";
    try {
      const reply = await fetch(`${gateway}${path}`, {
        method,
        headers: { "content-type": "application/json", ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(this.#patienceMs),
      });
      const text = await reply.text();
      const answer = { status: reply.status, body: text === "" ? undefined : JSON.parse(text) };
      // 408: a gateway that was frozen considered the request too slow.
      const isUnanswered = reply.status >= 500 || reply.status === 429 || reply.status === 408;
      if (isUnanswered && !answers.has(answer.body?.code))
        throw new Unanswered(`${path}: ${reply.status} ${text}`);
      return answer;
    } catch (error) {
      throw error instanceof Unanswered ? error : new Unanswered(`${path}: ${String(error)}`);
    }
  }

  /** Repeats a request until there is a reply. For requests that are safe to repeat. */
  async retryUntilDone(
    method: "GET" | "POST" | "PUT",
    path: string,
    body: unknown,
    signal: AbortSignal,
  ): Promise<Answer> {
    for (;;) {
      try {
        return await this.tryRequest(method, path, body);
      } catch (error) {
        if (signal.aborted) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
}
