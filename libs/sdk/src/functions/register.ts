/** Registers the workflows by which durable functions are started. The same content again changes nothing. */

import type { Logger, Timers } from "@tutti/kernel";
import { answerText, reasonOf } from "@tutti/kernel";
import type { WorkerSettings } from "../worker/settings.ts";
import { definitionOf, type HostedFunction } from "./durable.ts";

interface Registering {
  readonly settings: Pick<WorkerSettings, "server" | "namespace" | "credentials">;
  readonly timers: Timers;
  readonly logger: Logger;
}

const firstPauseMs = 250;
const attemptsMax = 5;
const callMs = 10_000;

/**
 * Resolves when all are registered, or after a few attempts: the workflows may be there from before. False: not all are
 * registered, and a later call may succeed.
 */
export async function registerFunctions(
  functions: readonly HostedFunction[],
  { settings, timers, logger }: Registering,
): Promise<boolean> {
  const { server } = settings;
  const names = functions.map(({ fn }) => fn.name).join(", ");
  if (server === "") {
    logger.warn("durable functions are not registered: set TUTTI_URL", { names });
    return true;
  }
  let open = functions;
  for (let attempt = 1; ; attempt++) {
    const problems = await Promise.all(open.map((hosted) => register(hosted, settings, timers)));
    open = open.filter((_, index) => problems[index] !== undefined);
    const problem = problems.find((each) => each !== undefined);
    if (problem === undefined) return true;
    if (attempt === attemptsMax) {
      logger.error("durable functions are not registered", { names, server, problem });
      return false;
    }
    await new Promise<void>((resolve) => {
      timers.after(firstPauseMs * 2 ** (attempt - 1), resolve);
    });
  }
}

/** Returns what is in the way. */
async function register(
  hosted: HostedFunction,
  { server, namespace, credentials }: Registering["settings"],
  timers: Timers,
): Promise<string | undefined> {
  const { accessToken } = credentials;
  const { version, percent } = hosted;
  // A worker of an older version that restarts must not get the new runs.
  const pinned = version !== undefined && { versionLabels: [version], rolloutPercent: percent };
  const url = `${server}/v1/workflows?namespace=${encodeURIComponent(namespace)}`;
  const late = new AbortController();
  const timer = timers.after(callMs, () => late.abort());
  try {
    const answer = await fetch(url, {
      method: "POST",
      // The token is shown to no other service.
      redirect: "error",
      signal: late.signal,
      headers: {
        "content-type": "application/json",
        ...(accessToken !== undefined && { authorization: `Bearer ${accessToken}` }),
      },
      body: JSON.stringify({ format: "json", text: JSON.stringify(definitionOf(hosted)), ...pinned }),
    });
    if (answer.ok) return undefined;
    return `${answer.status} ${(await answerText(answer)).slice(0, 1_000)}`;
  } catch (error) {
    return reasonOf(error);
  } finally {
    timer.cancel();
  }
}
