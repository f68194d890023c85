// @ts-check

// An npm registry on loopback, with archives of a test and the packages of an upstream.

import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename } from "node:path";

/** @typedef {{ manifest: { name: string, version: string }, archive: string }} Published */

/**
 * @param {{ after: (end: () => void) => unknown }} t
 * @param {readonly Published[]} published
 * @param {{ upstream?: string }} [options] `upstream`: source of all other packages. Default: none
 * @returns {Promise<string>} its URL
 */
export async function startRegistry(t, published, { upstream } = {}) {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "").slice(1);
    const archive = published.find((each) => path === `archives/${basename(each.archive)}`);
    if (archive !== undefined) return void response.end(readFileSync(archive.archive));
    const versions = published.filter(({ manifest }) => manifest.name === path);
    if (versions.length > 0) return void response.end(JSON.stringify(documentOf(versions, url)));
    if (upstream === undefined) return void response.writeHead(404).end("{}");
    response.writeHead(302, { location: new URL(request.url ?? "", upstream).href }).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/`;
  return url;
}

/** Returns the document of a package. @param {readonly Published[]} versions @param {string} url */
function documentOf(versions, url) {
  const [{ manifest: newest } = { manifest: { name: "", version: "" } }] = versions;
  return {
    name: newest.name,
    "dist-tags": { latest: newest.version },
    versions: Object.fromEntries(
      versions.map(({ manifest, archive }) => {
        const integrity = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
        const dist = { tarball: `${url}archives/${basename(archive)}`, integrity };
        return [manifest.version, { ...manifest, dist }];
      }),
    ),
  };
}
