/** The documentation, as the installation includes it: static files below `/docs/`, read on request. */

import { existsSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import type { FastifyReply, FastifyRequest } from "fastify";
import { pageHeaders } from "../front/headers.ts";

const docsPath = "/docs";

/** Returns true if an address belongs to the documentation. */
export function isOfDocs(url: string): boolean {
  return /^\/docs(?:[/?]|$)/.test(url);
}

/** Sends a file of the site. A folder is its index. Undefined if the site has no such file. */
export function docsFile(
  root: string,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply | undefined {
  const [path = ""] = request.url.split("?", 1);
  if (path === docsPath) return reply.headers(pageHeaders).redirect(`${docsPath}/`, 308);
  const inSite = path.slice(docsPath.length);
  const file = inSite.endsWith("/") ? `${inSite}index.html` : inSite;
  const place = join(root, file);
  // A file outside the site gets the response of a missing file, so that a client cannot detect whether it exists.
  if (!place.startsWith(root + sep) || !existsSync(place)) return undefined;
  return reply.headers(pageHeaders).header("cache-control", "no-cache").sendFile(file, root);
}

const built = join("apps", "site", "dist");

/** The directory of the built site: the configured one, or that of this installation. Undefined if it is not built. */
export function findDocs(configured: string, from = import.meta.dirname): string | undefined {
  if (configured !== "") return hasSite(configured) ? resolve(configured) : undefined;
  for (let folder = from; ; folder = dirname(folder)) {
    const site = join(folder, built);
    if (hasSite(site)) return site;
    if (dirname(folder) === folder) return undefined;
  }
}

function hasSite(folder: string): boolean {
  return existsSync(join(folder, "search.json"));
}
