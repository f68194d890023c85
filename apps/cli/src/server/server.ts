/** Calls the platform. Errors become failures with next actions. */

import { IdSource, systemFoundation } from "@tutti/kernel";
import { Client, type FollowOptions, keyedRoutes, RestError, routeNamed } from "@tutti/rest/client";
import { parseExactly } from "@tutti/rest/json/exact";
import type { Context } from "../command/declaration.ts";
import { exitCodes } from "../command/exit-codes.ts";
import { Failure } from "../command/failure.ts";
import { fetchOf } from "../effects/http-fetch.ts";
import { safe } from "../terminal/text.ts";
import { keyOf, serverAddresses } from "./address.ts";
import type { Server } from "./calls.ts";
import { nothingDeleted } from "./names.ts";
import { connectionCodeOf, isLarge, refusalOf } from "./refusal.ts";

/** Wait for a reply before the CLI reports that there is none. */
const patienceMs = 30_000;

export interface ConnectOptions {
  /** Fails at once without a connection, for a command that reports the state of the platform. */
  readonly failsFast?: true;
}

export async function connect(context: Context, options: ConnectOptions = {}): Promise<Server> {
  const { values, shell, print } = context;
  const urls = serverAddresses(context);
  const [url = ""] = urls;
  const key = await keyOf(context);
  const namespace = values.text("namespace") ?? shell.environment["TUTTI_NAMESPACE"];
  const client = new Client({
    url,
    fetch: fetchOf(urls),
    parse: parseExactly,
    ...(key === undefined ? {} : { key }),
  });
  const retries = new Retries(context, options);
  const ids = new IdSource(systemFoundation());
  const server: Server = {
    url,
    namespace: namespace === undefined || namespace === "" ? {} : { namespace },
    async call(name, given = {}) {
      const parts = keyedRoutes.has(name) ? { idempotencyKey: ids.newId("call"), ...given } : given;
      const request = () => client.call(name, { timeoutMs: patienceMs, signal: shell.interrupted, ...parts });
      const isRepeatable = () =>
        routeNamed(name).method === "GET" || (parts.idempotencyKey !== undefined && !isLarge(parts.body));
      try {
        const reply = await retries.call(request, isRepeatable);
        if (name.endsWith(".delete") && print.hasNotes && isEmpty(reply)) {
          const hint = await nothingDeleted({ name, parts, client, server });
          if (hint !== undefined) print.note(print.errorStyle.dim(safe(hint)));
        }
        return reply;
      } catch (error) {
        throw error instanceof RestError
          ? await refusalOf(error, { name, parts, client, server, context })
          : error;
      }
    },
    async *bytes(name, parts = {}) {
      try {
        yield* client.pieces(name, { signal: shell.interrupted, ...parts });
      } catch (error) {
        throw error instanceof RestError
          ? await refusalOf(error, { name, parts, client, server, context })
          : error;
      }
    },
    async *follow(name, parts, { isOnce, ...options }) {
      const once = isOnce === true ? oneConnection(context, server.url) : undefined;
      try {
        yield* client.follow(name, parts, { signal: shell.interrupted, ...once?.options, ...options });
        once?.throwIfBroken();
      } catch (error) {
        throw error instanceof RestError
          ? await refusalOf(error, { name, parts, client, server, context })
          : error;
      }
    },
  };
  return server;
}

/** Ends a stream when its connection breaks, or cannot be opened. A starting platform gets the time to become ready. */
function oneConnection(
  { shell }: Context,
  url: string,
): { readonly options: FollowOptions; throwIfBroken(): void } {
  const broken = new AbortController();
  const startedMs = shell.nowMs();
  let failure: unknown;
  return {
    options: {
      signal: AbortSignal.any([shell.interrupted, broken.signal]),
      onConnectionChange(state, error) {
        if (state !== "broken") return;
        if (isStarting(error) && shell.nowMs() - startedMs < startMaxMs) return;
        failure = error instanceof RestError ? error : connectionBroken(url, error);
        broken.abort();
      },
    },
    throwIfBroken() {
      if (failure !== undefined) throw failure;
    },
  };
}

function connectionBroken(url: string, cause: unknown): Failure {
  return new Failure(`The connection to ${url} broke before the end.`, {
    next: ["Run the command again."],
    exitCode: exitCodes.unreachable,
    code: "connection_broken",
    cause,
  });
}

/** Whether a deletion removed nothing. It succeeds, but its reply reports no removal and no count. */
function isEmpty(reply: unknown): boolean {
  return typeof reply !== "object" || reply === null || !Object.values(reply).some(Boolean);
}

const startMaxMs = 20_000;

const isStarting = (error: unknown): boolean =>
  error instanceof RestError && error.code === "gateway.not_ready";

/** Wait for a platform that has not answered this command: long enough for a restart of its gateway. */
const restartMaxMs = 4_000;

/**
 * Repeats requests that the platform did not execute, or that are safe to repeat.
 *
 * 1. A starting platform rejects requests without executing them. A refused connection executes nothing either.
 * 2. A request on a connection that breaks before the reply may have taken effect. Only reads and requests with an
 *    idempotency key are repeated: a request that needs a key gets one. No large body is repeated, because a server
 *    closes the connection of one above its limit.
 * 3. An address that never answered may be wrong, so its failure comes within 4 s. A platform that answered gets the
 *    time of a start.
 */
class Retries {
  readonly #context: Pick<Context, "shell" | "print">;
  readonly #failsFast: boolean;
  #hasAnswered = false;
  #noted = "";

  constructor(context: Pick<Context, "shell" | "print">, { failsFast }: ConnectOptions) {
    this.#context = context;
    this.#failsFast = failsFast === true;
  }

  async call<R>(request: () => Promise<R>, isRepeatable: () => boolean): Promise<R> {
    const { shell, print } = this.#context;
    let waitedMs = 0;
    for (;;) {
      try {
        const reply = await request();
        this.#hasAnswered = true;
        this.#noted = "";
        return reply;
      } catch (error) {
        const reason = this.#reasonToRetry(error, isRepeatable);
        const maxMs = this.#hasAnswered ? startMaxMs : restartMaxMs;
        if (reason === undefined || waitedMs >= maxMs || shell.interrupted.aborted) throw error;
        if (reason !== this.#noted) print.note(print.errorStyle.dim(reason));
        this.#noted = reason;
        const pauseMs = Math.max(200, error instanceof RestError ? error.retryAfterMs : 0);
        waitedMs += pauseMs;
        await shell.pause(pauseMs, shell.interrupted);
      }
    }
  }

  #reasonToRetry(error: unknown, isRepeatable: () => boolean): string | undefined {
    if (!(error instanceof RestError)) return undefined;
    if (error.status > 0) this.#hasAnswered = true;
    if (isStarting(error)) return "The platform is starting …";
    if (this.#failsFast) return undefined;
    const code = error.status === 0 ? connectionCodeOf(error) : "";
    if (code === "ECONNREFUSED") return "Connection refused. Retrying …";
    if (code !== "ECONNRESET" || !isRepeatable()) return undefined;
    return "The connection was closed before the answer. Retrying …";
  }
}
