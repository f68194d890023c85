import type { Server } from "./calls.ts";

/** Returns the address of a run, mission or session in the dashboard, which the gateway of the CLI serves. */
export function dashboardUrl(
  { url, namespace }: Pick<Server, "url" | "namespace">,
  kind: "run" | "mission" | "session",
  id: string,
): string {
  const search = namespace.namespace === undefined ? "" : `?${new URLSearchParams(namespace)}`;
  return `${url}/${kind}s/${encodeURIComponent(id)}${search}`;
}
