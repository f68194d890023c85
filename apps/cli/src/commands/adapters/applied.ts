/** Finds applied adapters that no worker offers. A list of offered adapters alone would hide one that cannot start. */
import type { OfferedAdapter } from "@tutti/rest/adapters";
import type { Explanation, Scaler } from "@tutti/rest/types";
import type { Server } from "../../server/calls.ts";
import { readAll } from "../../server/pages.ts";
import { isAdapter } from "./launched.ts";

export interface IdleAdapter extends OfferedAdapter {
  /** Why no worker offers it. */
  readonly problem: string;
}

export async function idleAdapters(
  server: Server,
  offered: readonly OfferedAdapter[],
): Promise<readonly IdleAdapter[]> {
  const scalers = await readAll(
    (page) => server.call("scalers.list", { query: { ...server.namespace, ...page } }),
    (reply) => reply.scalers,
    // A key that may not read scalers still sees the adapters that workers offer.
  ).catch(() => []);
  return idleAmong(scalers, offered);
}

export function idleAmong(
  scalers: readonly Scaler[],
  offered: readonly OfferedAdapter[],
): readonly IdleAdapter[] {
  const names = new Set(offered.map(({ name }) => name));
  return scalers
    .filter((scaler) => isAdapter({ ...scaler }) && !names.has(scaler.scalerId))
    .map(({ scalerId, paused, status }) => ({
      name: scalerId,
      version: "",
      workers: 0,
      operations: [],
      problem: paused === true ? "paused" : (status?.error?.message ?? "starting"),
    }));
}

/** Adds the applied adapters that do not run, and would offer the capabilities that tasks wait for. */
export async function withIdleAdapters(server: Server, explanation: Explanation): Promise<Explanation> {
  if (missingIn(explanation).length === 0) return explanation;
  return explainedByAdapters(explanation, await idleAdapters(server, []));
}

/** Replaces the advice to start a worker by the advice about the adapter. */
export function explainedByAdapters(explanation: Explanation, idle: readonly IdleAdapter[]): Explanation {
  const missing = missingIn(explanation);
  const matching = idle.filter(({ name }) => missing.some((capability) => capability.startsWith(`${name}.`)));
  if (matching.length === 0) return explanation;
  const explained = missing.filter((capability) =>
    matching.some(({ name }) => capability.startsWith(`${name}.`)),
  );
  const withoutAdvice = ({ remedies, parts, ...rest }: Explanation): Explanation => ({
    ...rest,
    remedies: remedies.filter(({ text = "" }) => !explained.some((capability) => text.includes(capability))),
    parts: parts.map(withoutAdvice),
  });
  const { parts, ...whole } = withoutAdvice(explanation);
  return { ...whole, parts: [...parts, ...matching.map(partOf)] };
}

function partOf({ name, problem }: IdleAdapter): Explanation {
  return {
    about: { kind: "adapter", id: name },
    summary: `The adapter \`${name}\` is applied and does not run: ${problem}`,
    waits: [],
    candidates: [],
    failures: [],
    parts: [],
    remedies: [{ command: `tutti scaler show ${name}`, text: "shows the processes that run it" }],
  };
}

function missingIn({ waits, parts }: Explanation): readonly string[] {
  const own = waits.flatMap(({ cause, present, subject = "" }) =>
    cause === "no_capability" && present === true ? [subject] : [],
  );
  return [...new Set([...own, ...parts.flatMap(missingIn)])];
}
