/** The platform of the current folder, which `tutti dev` records in its data directory while it runs. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Only this machine: a folder from elsewhere must not send keys to another machine. */
const loopbackForm = /^https?:\/\/(127\.0\.0\.1|localhost|\[::1\]):\d{1,5}$/;

/** Default address of `tutti dev`. */
export const usualUrl = "http://127.0.0.1:7400";

/**
 * Returns the URL of the platform that runs in a folder, or else the default. Clients use it if neither an option nor
 * `TUTTI_URL` sets a URL. After `kill -9` the file remains, so its process must run.
 */
export function defaultUrl(folder = "."): string {
  try {
    const { pid, url } = JSON.parse(readFileSync(join(folder, ".tutti", "lock.json"), "utf8"));
    return typeof url === "string" && loopbackForm.test(url) && isAlive(pid) ? url : usualUrl;
  } catch {
    // No platform of this user has its data here.
    return usualUrl;
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
