/** What a launched program finds in its environment: how to reach its pool and who it is, and what its scaler says. */
import { readFile } from "node:fs/promises";
import { delimiter, dirname } from "node:path";
import type { ProcessDriver } from "@tutti/contracts/swarm/v1";
import { scalingErrors } from "../../errors.ts";
import type { LaunchedAs } from "../berths/programs.ts";

/** Where a launched agent finds its pool. */
export interface AgentHome {
  readonly address: string;
  readonly namespace: string;
  readonly pool: string;
  /** Sent by agents of this installation. Empty where none is needed. */
  readonly accessToken: string;
}

/** Nothing else of this process's own environment is handed on: there may be secrets in it. */
const inherited = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "SystemRoot"];

export async function environmentOf(
  settings: Pick<ProcessDriver, "environment">,
  home: AgentHome,
  as: LaunchedAs,
): Promise<Record<string, string>> {
  const result: Record<string, string> = {};
  for (const name of inherited) {
    const value = process.env[name];
    if (value !== undefined) result[name] = value;
  }
  // `node` is the one that this process runs on, which is the one that the SDK was tried with.
  result["PATH"] = [dirname(process.execPath), result["PATH"]].filter(Boolean).join(delimiter);
  return { ...result, ...(await launchedEnvironment(settings, home, as)) };
}

/** What every launched agent finds, wherever it runs. */
export async function launchedEnvironment(
  { environment }: { readonly environment: Readonly<Record<string, string>> },
  { address, namespace, pool, accessToken }: AgentHome,
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

/** Returns a value, or what it refers to. */
export async function resolved(value: string): Promise<string> {
  const [, kind, where = ""] = /^(env|file|secret):(.+)$/s.exec(value) ?? [];
  switch (kind) {
    case undefined:
      return value;
    case "env": {
      const found = process.env[where];
      if (found === undefined) throw unreadable(value, "no such variable");
      return found;
    }
    case "file":
      return readFile(where, "utf8").then(
        (text) => text.replace(/\r?\n$/, ""),
        () => {
          throw unreadable(value, "no file that can be read");
        },
      );
    default:
      throw unreadable(value, "that secrets of the installation are not served yet");
  }
}

function unreadable(reference: string, reason: string) {
  return scalingErrors.referenceUnreadable({ reference, reason });
}
