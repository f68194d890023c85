/** The platform of the current folder or of one above it, which `tutti dev` and `tutti cluster up` record in files. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** Only this machine: a folder from elsewhere must not send keys to another machine. */
const loopbackForm = /^https?:\/\/(127\.0\.0\.1|localhost|\[::1\]):\d{1,5}$/;

/** Default address of `tutti dev` and `tutti cluster up`. */
export const usualUrl = "http://127.0.0.1:7400";

/**
 * Returns the URL of the platform of a folder, or else the default. A cluster has one for each gateway, with commas
 * between them. Clients use it if neither an option nor `TUTTI_URL`
 * sets a URL. The platform may be stopped: its data names its last URL, so that no client reaches the platform of another
 * folder instead.
 */
export function defaultUrl(folder = "."): string {
  const files = filesOf(platformFolder(folder));
  const known = files.map(recordIn).filter((record) => record !== undefined);
  return (known.find(({ pid }) => isAlive(pid)) ?? known[0])?.url ?? usualUrl;
}

/** Returns the command that starts the platform of a folder: `cluster up` if only a cluster has its data there. */
export function startCommandOf(folder = "."): "dev" | "cluster up" {
  const [dev, cluster] = filesOf(platformFolder(folder));
  return !existsSync(dev) && existsSync(cluster) ? "cluster up" : "dev";
}

/** Returns the folder, or the nearest one above it, in which this user started a platform. */
export function platformFolder(folder = "."): string {
  const here = resolve(folder);
  for (let home = here; ; home = dirname(home)) {
    if (filesOf(home).some(isOwn)) return home;
    if (home === dirname(home)) return here;
  }
}

/** Files of `tutti dev` and of a cluster, with the URL and the process. */
function filesOf(folder: string): readonly [dev: string, cluster: string] {
  const data = join(folder, ".tutti");
  return [join(data, "lock.json"), join(data, "cluster", "cluster.json")];
}

/** False for a file of another user, whose platform must not get keys of this one. */
function isOwn(path: string): boolean {
  const owner = statSync(path, { throwIfNoEntry: false })?.uid;
  return owner !== undefined && (process.getuid === undefined || owner === process.getuid());
}

function recordIn(path: string): { readonly url: string; readonly pid: unknown } | undefined {
  try {
    const { pid, url } = JSON.parse(readFileSync(path, "utf8"));
    const isLocal = typeof url === "string" && url.split(",").every((each) => loopbackForm.test(each));
    return isLocal && isOwn(path) ? { url, pid } : undefined;
  } catch {
    // No platform of this user has its data here.
    return undefined;
  }
}

function isAlive(pid: unknown): boolean {
  if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
