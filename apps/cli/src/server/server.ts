/** Calls the platform. Errors become failures with next actions. */

import { Client, type FollowOptions, RestError } from "@tutti/rest/client";
import type { Context } from "../command/declaration.ts";
import { exitCodes } from "../command/exit-codes.ts";
import { Failure } from "../command/failure.ts";
import { httpFetch } from "../effects/http-fetch.ts";
import { safe } from "../terminal/text.ts";
import { keyOf, serverAddress } from "./address.ts";
import type { Server } from "./calls.ts";
import { nothingDeleted } from "./names.ts";
import { refusalOf } from "./refusal.ts";

/** Wait for a reply before the CLI reports that there is none. */
const patienceMs = 30_000;

export async function connect(context: Context): Promise<Server> {
  const { values, shell, print } = context;
  const url = serverAddress(context);
  const key = await keyOf(context);
  const namespace = values.text("namespace") ?? shell.environment["TUTTI_NAMESPACE"];
  const client = new Client({ url, fetch: httpFetch, ...(key === undefined ? {} : { key }) });
  const server: Server = {
    url,
    namespace: namespace === undefined || namespace === "" ? {} : { namespace },
    async call(name, parts = {}) {
      const request = () => client.call(name, { timeoutMs: patienceMs, signal: shell.interrupted, ...parts });
      try {
        const reply = await retryUntilReady(request, context);
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
      const once = isOnce === true ? oneConnection(context) : undefined;
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
function oneConnection({ shell }: Context): { readonly options: FollowOptions; throwIfBroken(): void } {
  const broken = new AbortController();
  const startedMs = shell.nowMs();
  let failure: unknown;
  return {
    options: {
      signal: AbortSignal.any([shell.interrupted, broken.signal]),
      onStanding(standing, error) {
        if (standing !== "broken") return;
        if (isStarting(error) && shell.nowMs() - startedMs < startMaxMs) return;
        failure = error instanceof RestError ? error : connectionBroken(error);
        broken.abort();
      },
    },
    throwIfBroken() {
      if (failure !== undefined) throw failure;
    },
  };
}

function connectionBroken(cause: unknown): Failure {
  return new Failure("The connection to the platform broke before the end.", {
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

const isStarting = (error: unknown): error is RestError =>
  error instanceof RestError && error.code === "gateway.not_ready";

/**
 * Repeats a request until the platform is ready. A starting platform rejects requests without executing them.
 */
async function retryUntilReady<R>(request: () => Promise<R>, { shell, print }: Context): Promise<R> {
  let waitedMs = 0;
  for (;;) {
    try {
      return await request();
    } catch (error) {
      if (!isStarting(error) || waitedMs >= startMaxMs || shell.interrupted.aborted) throw error;
      if (waitedMs === 0) print.note(print.errorStyle.dim("The platform is starting …"));
      const pauseMs = Math.max(200, error.retryAfterMs);
      waitedMs += pauseMs;
      await shell.pause(pauseMs, shell.interrupted);
    }
  }
}
