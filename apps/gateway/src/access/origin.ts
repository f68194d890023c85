/**
 * The origin of a request, by the headers that browsers send. A page cannot forge them.
 *
 * 1. A page of another site is refused, with any request (CSRF).
 * 2. A page that reached a loopback address under its own host name is refused (DNS rebinding).
 */
import type { IncomingHttpHeaders } from "node:http";
import { hostNameIn, isLoopbackHost } from "@tutti/kernel";
import { gatewayErrors } from "../errors.ts";

/**
 * Returns true if a browser sent the request, for a page or for its user. Programs send none of these headers: Node's
 * `fetch` sends a mode, but no origin.
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
  // A user who follows a link from another site opens the dashboard, signed in or not.
  const isVisit =
    isPage && headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
  if (!isVisit) throw gatewayErrors.originForeign({ origin: "another site" });
}

function isOrigin(origin: string, host: string): boolean {
  return origin === `http://${host}` || origin === `https://${host}`;
}
