/** Applied adapters that no worker offers: a list of offered adapters alone would hide that one cannot start. */
import type { OfferedAdapter } from "@tutti/rest/adapters";
import type { Scaler } from "@tutti/rest/types";
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
