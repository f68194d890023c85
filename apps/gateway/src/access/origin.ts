/**
 * Where a request comes from, as far as browsers say. What they say cannot be forged by a page:
 *
 * 1. A page of another site is refused, with any request (CSRF).
 * 2. A page that reached a loopback address under a name of its own is refused (DNS rebinding).
 */
import type { IncomingHttpHeaders } from "node:http";
import { hostNameIn, isLoopbackHost } from "@tutti/kernel";
import { gatewayErrors } from "../errors.ts";

/**
 * Returns whether a browser sent it, on behalf of a page or of its user. Programs send none of these: Node's `fetch`
 * says a mode, but never where it comes from.
 */
export function isOfBrowser(headers: IncomingHttpHeaders): boolean {
  return headers.origin !== undefined || headers["sec-fetch-site"] !== undefined;
}

export function refuseStrangers(headers: IncomingHttpHeaders, isLoopback: boolean, isPage: boolean): void {
  const { host = "", origin } = headers;
  if (isLoopback && !isLoopbackHost(hostNameIn(host))) throw gatewayErrors.hostUnknown({ host });
  if (origin !== undefined && !isOrigin(origin, host)) throw gatewayErrors.originForeign({ origin });
  const site = headers["sec-fetch-site"];
  if (site !== "cross-site" && site !== "same-site") return;
  // A user who follows a link from elsewhere comes to the page, and has signed in or has not.
  const isVisit =
    isPage && headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
  if (!isVisit) throw gatewayErrors.originForeign({ origin: "another site" });
}

function isOrigin(origin: string, host: string): boolean {
  return origin === `http://${host}` || origin === `https://${host}`;
}
