/** The platform of the current folder, which `tutti dev` and `tutti cluster up` record in its files while they run. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Only this machine: a folder from elsewhere must not send keys to another machine. */
const loopbackForm = /^https?:\/\/(127\.0\.0\.1|localhost|\[::1\]):\d{1,5}$/;

/** Default address of `tutti dev` and `tutti cluster up`. */
export const usualUrl = "http://127.0.0.1:7400";

/**
 * Returns the URL of the platform that runs in a folder, or else the default. Clients use it if neither an option nor
 * `TUTTI_URL` sets a URL. After `kill -9` the file remains, so its process must run.
 */
export function defaultUrl(folder = "."): string {
  return urlIn(devFile(folder)) ?? urlIn(clusterFile(folder)) ?? usualUrl;
}

/** Returns the command that starts the platform of a folder: `cluster up` if only a cluster has its data there. */
export function startCommandOf(folder = "."): "dev" | "cluster up" {
  return !existsSync(devFile(folder)) && existsSync(clusterFile(folder)) ? "cluster up" : "dev";
}

function devFile(folder: string): string {
  return join(folder, ".tutti", "lock.json");
}

function clusterFile(folder: string): string {
  return join(folder, ".tutti", "cluster", "cluster.json");
}

function urlIn(path: string): string | undefined {
  try {
    const { pid, url } = JSON.parse(readFileSync(path, "utf8"));
    return typeof url === "string" && loopbackForm.test(url) && isAlive(pid) ? url : undefined;
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
