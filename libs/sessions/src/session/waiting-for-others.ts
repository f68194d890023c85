/** Waits for the dependencies of sessions, in any process and namespace. */
import type { sessionService } from "@tutti/contracts/session/v1";
import { errorFromUnknown, type Foundation, isEnded, sleep } from "@tutti/kernel";
import { type AwaitSession, settleDependency } from "@tutti/machine-session";
import type { Client } from "@tutti/mesh";
import type { DueEffect } from "@tutti/runtime";
import type { Loops } from "./loops.ts";
import type { SessionCommands } from "./session-commands.ts";

export interface WaitingForOthersParts {
  readonly loops: Loops;
  readonly commands: SessionCommands;
  readonly sessions: Pick<Client<typeof sessionService>, "awaitSession">;
  readonly foundation: Pick<Foundation, "timers" | "logger">;
}

/** Maximum wait of one call. */
const waitMs = 30_000;
/** Interval of checks for a session that does not exist yet. */
const missingMs = 1_000;

export class WaitingForOthers {
  readonly #parts: WaitingForOthersParts;

  constructor(parts: WaitingForOthersParts) {
    this.#parts = parts;
  }

  start({ key, token }: DueEffect, { dependency }: AwaitSession): void {
    const { loops, commands, sessions, foundation } = this.#parts;
    const namespace = dependency.session?.namespace || key.namespace;
    const request = { namespace, sessionId: dependency.session?.id ?? "", waitMs };
    loops.startLoop(token, async (signal) => {
      while (!signal.aborted) {
        try {
          const { session } = await sessions.awaitSession(request, { signal, timeoutMs: 2 * waitMs });
          const status = session?.status ?? 0;
          if (!isEnded(status)) continue;
          // The token identifies the dependency.
          await commands.submit(key, { command: settleDependency, body: { dependency: 0, status }, token });
          return;
        } catch (thrown) {
          if (signal.aborted) return;
          const error = errorFromUnknown(thrown);
          if (error.status !== "NOT_FOUND")
            foundation.logger.debug("failed to read a session that another waits for", { error });
          await sleep(foundation.timers, missingMs, signal).catch(() => {});
        }
      }
    });
  }
}
