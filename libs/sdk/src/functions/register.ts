/** Registers the workflows by which durable functions are started. The same content again changes nothing. */
import type { Logger, Timers } from "@tutti/kernel";
import type { WorkerSettings } from "../worker/settings.ts";
import type { DurableFunction } from "./durable.ts";

interface Registering {
  readonly settings: Pick<WorkerSettings, "server" | "namespace" | "credentials">;
  readonly timers: Timers;
  readonly logger: Logger;
}

const firstPauseMs = 500;
const attemptsMax = 6;
const callMs = 10_000;

export async function registerFunctions(
  functions: readonly DurableFunction[],
  { settings, timers, logger }: Registering,
): Promise<void> {
  const { server, namespace } = settings;
  if (server === "") {
    const names = functions.map(({ name }) => name).join(", ");
    logger.warn("durable functions are not registered: set TUTTI_URL", { names });
    return;
  }
  for (const { name, definition } of functions) {
    for (let attempt = 1; ; attempt++) {
      const problem = await register(definition, settings);
      if (problem === undefined) break;
      if (attempt === attemptsMax) {
        logger.error("durable function cannot be started: it was not registered", { name, server, problem });
        break;
      }
      await new Promise<void>((resolve) => timers.after(firstPauseMs * 2 ** (attempt - 1), resolve));
    }
    logger.debug("durable function registered", { name, namespace });
  }
}

/** Returns what stands in the way. */
async function register(
  definition: DurableFunction["definition"],
  { server, namespace, credentials }: Registering["settings"],
): Promise<string | undefined> {
  const { accessToken } = credentials;
  const url = `${server}/v1/workflows?namespace=${encodeURIComponent(namespace)}`;
  try {
    const answer = await fetch(url, {
      method: "POST",
      signal: AbortSignal.timeout(callMs),
      headers: {
        "content-type": "application/json",
        ...(accessToken !== undefined && { authorization: `Bearer ${accessToken}` }),
      },
      body: JSON.stringify({ format: "json", text: JSON.stringify(definition) }),
    });
    if (answer.ok) return undefined;
    return `${answer.status} ${(await answer.text()).slice(0, 1_000)}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
