/** Waits for sessions that have to come before others, wherever and in whichever namespace they are. */
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

/** As long as one call waits. */
const waitMs = 30_000;
/** One that is not there yet is looked for so often. */
const missingMs = 1_000;

export class WaitingForOthers {
  readonly #parts: WaitingForOthersParts;

  constructor(parts: WaitingForOthersParts) {
    this.#parts = parts;
  }

  begin({ key, token }: DueEffect, { dependency }: AwaitSession): void {
    const { loops, commands, sessions, foundation } = this.#parts;
    const namespace = dependency.session?.namespace || key.namespace;
    const request = { namespace, sessionId: dependency.session?.id ?? "", waitMs };
    loops.begin(token, async (signal) => {
      while (!signal.aborted) {
        try {
          const { session } = await sessions.awaitSession(request, { signal, timeoutMs: 2 * waitMs });
          const status = session?.status ?? 0;
          if (!isEnded(status)) continue;
          // Which one it is says the token.
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
