/** The environment of a launched program: its pool, its identity, and the values of its scaler. */
import { readFile } from "node:fs/promises";
import { delimiter, dirname } from "node:path";
import type { ProcessDriver } from "@tutti/contracts/swarm/v1";
import { scalingErrors } from "../../errors.ts";
import type { LaunchedAs } from "../berths/programs.ts";

/** The pool of a launched agent. */
export interface AgentPool {
  readonly address: string;
  readonly namespace: string;
  readonly pool: string;
  /** The token of agents of this installation. Empty if none is required. */
  readonly accessToken: string;
}

/** Other variables of this process are not passed on: they may contain secrets. */
const inherited = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "SystemRoot"];

export async function environmentOf(
  settings: Pick<ProcessDriver, "environment">,
  agentPool: AgentPool,
  as: LaunchedAs,
): Promise<Record<string, string>> {
  const result: Record<string, string> = {};
  for (const name of inherited) {
    const value = process.env[name];
    if (value !== undefined) result[name] = value;
  }
  // `node` is the binary of this process, which the SDK is tested with.
  result["PATH"] = [dirname(process.execPath), result["PATH"]].filter(Boolean).join(delimiter);
  return { ...result, ...(await launchedEnvironment(settings, agentPool, as)) };
}

/** Returns the variables of every launched agent. */
export async function launchedEnvironment(
  { environment }: { readonly environment: Readonly<Record<string, string>> },
  { address, namespace, pool, accessToken }: AgentPool,
  { agentId, launchId }: LaunchedAs,
): Promise<Record<string, string>> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) result[name] = await resolved(value);
  if (accessToken !== "") result["TUTTI_ACCESS_TOKEN"] ??= accessToken;
  return {
    ...result,
    TUTTI_ADDRESS: address,
    TUTTI_NAMESPACE: namespace,
    TUTTI_POOL: pool,
    TUTTI_AGENT_ID: agentId,
    TUTTI_LAUNCH_ID: launchId,
  };
}

/** Returns a value, or the content that it refers to. */
export async function resolved(value: string): Promise<string> {
  const [, kind, source = ""] = /^(env|file|secret):(.+)$/s.exec(value) ?? [];
  switch (kind) {
    case undefined:
      return value;
    case "env": {
      const found = process.env[source];
      if (found === undefined) throw unreadable(value, "no such variable");
      return found;
    }
    case "file":
      return readFile(source, "utf8").then(
        (text) => text.replace(/\r?\n$/, ""),
        () => {
          throw unreadable(value, "no readable file");
        },
      );
    default:
      throw unreadable(value, "`secret:` references are not supported yet");
  }
}

function unreadable(reference: string, reason: string) {
  return scalingErrors.referenceUnreadable({ reference, reason });
}
