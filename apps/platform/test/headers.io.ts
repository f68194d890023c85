/** Security headers of every kind of reply on the HTTP port, and that gRPC rejects old versions of TLS. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Folder, makeFolder, type Service, start } from "./support/services.ts";

const safe = {
  "x-content-type-options": /^nosniff$/,
  "x-frame-options": /^DENY$/,
  "referrer-policy": /^no-referrer$/,
  "cross-origin-resource-policy": /^same-origin$/,
  "content-security-policy": /default-src 'none'.*frame-ancestors 'none'/,
};
const json = { "content-type": "application/json" };

/** One reply of each kind, by the component that sends it. */
const answers: readonly (readonly [what: string, path: string, status: number, init?: RequestInit])[] = [
  ["the probe of life", "/livez", 200],
  ["the probe of readiness", "/readyz", 200],
  ["metrics", "/metrics", 200],
  ["the status", "/status", 200],
  ["data", "/v1/runs", 200],
  ["the description of the routes", "/v1/openapi.json", 200],
  ["what is followed", "/v1/events", 200],
  ["a problem of a service", "/v1/runs/none", 404],
  ["a problem of the door", "/v1/nothing", 404],
  ["a wrong method", "/v1/runs", 405, { method: "PUT", body: "{}", headers: json }],
  ["a body that is no JSON", "/v1/runs", 400, { method: "POST", body: "{", headers: json }],
  ["a foreign page", "/v1/runs", 403, { headers: { origin: "https://evil.example" } }],
  ["a wrong key", "/v1/runs", 401, { headers: { authorization: "Bearer a.b.c" } }],
  ["a webhook without an owner", "/v1/webhooks/nobody", 404, { method: "POST", body: "{}", headers: json }],
  ["an address with a broken escape", "/v1/runs/%zz", 400],
  ["a link that does not sign in", "/sign-in?token=none", 401],
];

describe("every answer of the HTTP port", () => {
  let folder: Folder;
  let platform: Service;
  before(async () => {
    folder = await makeFolder();
    platform = await start("platform", [`--platform.dataDirectory=${join(folder.path, "data")}`]);
  });
  after(async () => {
    await platform?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  for (const [title, path, expected, init = {}] of answers)
    it(`has headers that stop browsers from executing it: ${title}`, async () => {
      const abandoned = new AbortController();
      const answer = await fetch(`${platform.http}${path}`, {
        ...init,
        redirect: "manual",
        signal: abandoned.signal,
      });
      const { status, headers } = answer;
      abandoned.abort();
      assert.equal(status, expected, path);
      for (const [name, value] of Object.entries(safe)) assert.match(headers.get(name) ?? "", value, name);
      for (const name of ["server", "x-powered-by", "access-control-allow-origin"])
        assert.equal(headers.get(name), null, name);
    });
});
