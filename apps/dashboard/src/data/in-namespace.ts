/** Calls and commands of a page that looks into a namespace. */

export const usualNamespace = "default";

/** The namespace of the installation: metrics of processes, built-in alert rules. */
export const installationNamespace = "system";

/**
 * Objects of the whole installation, not of a namespace: their routes refuse a namespace. Metrics take one, but a page shows
 * those of the installation.
 */
const shared = new RegExp(
  `^/v1/(${[
    "whoami|status|metrics|sign-in|sign-out|openapi\\.json",
    "namespaces|services|instances|components|partitions|pause|webhooks",
    "audit/(checkpoints|consistency|keys)|watch/audit/(checkpoints|verify)",
  ].join("|")})(/|\\?|$)`,
);

/** Returns a path with the namespace as its parameter if it is not the default and the path has none. */
export function pathIn(namespace: string, path: string): string {
  if (namespace === usualNamespace || shared.test(path) || /[?&]namespace=/.test(path)) return path;
  return `${path}${path.includes("?") ? "&" : "?"}namespace=${encodeURIComponent(namespace)}`;
}

/** Returns a command of `tutti` with the namespace as its option. */
export function commandIn(namespace: string, command: string): string {
  if (namespace === usualNamespace || / --namespace /.test(command)) return command;
  return `${command} --namespace ${namespace}`;
}
