import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { readSettings } from "./settings.ts";

const encoded = (text: string) => Buffer.from(text).toString("base64");

describe("settings of an application", () => {
  let answer: { readonly status: number; readonly body: string } = { status: 404, body: "" };
  const requests: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url, request.headers["x-consul-token"] as string | undefined);
    response.writeHead(answer.status).end(answer.body);
  });
  let url = "";
  let folder = "";

  before(async () => {
    await once(server.listen(0, "127.0.0.1"), "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    folder = mkdtempSync(join(tmpdir(), "tutti-settings-"));
    // Kubernetes mounts a ConfigMap like this: links to a folder that is replaced as a whole.
    mkdirSync(join(folder, "..2026_11"));
    symlinkSync("..2026_11", join(folder, "..data"));
    for (const [name, text] of [
      ["TUTTI_POOL", "of the folder\n"],
      ["namespace", "shop\n"],
    ] as const) {
      writeFileSync(join(folder, "..data", name), text);
      symlinkSync(join("..data", name), join(folder, name));
    }
  });
  after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  it("come from the environment, then from a ConfigMap, then from the store", async () => {
    const entries = [
      { Key: "shop/tutti/", Value: null },
      { Key: "shop/tutti/url", Value: encoded("http://of-the-store:7400") },
      { Key: "shop/tutti/pool", Value: encoded("of the store") },
      { Key: "shop/tutti/api-key", Value: encoded("of the store") },
    ];
    answer = { status: 200, body: JSON.stringify(entries) };
    const environment = { TUTTI_API_KEY: "of the environment", PATH: "/bin" };
    const consul = { url, prefix: "/shop/tutti", token: "acl" };
    assert.deepEqual(await readSettings({ environment, folder, consul }), {
      TUTTI_URL: "http://of-the-store:7400",
      TUTTI_POOL: "of the folder",
      TUTTI_NAMESPACE: "shop",
      TUTTI_API_KEY: "of the environment",
    });
    assert.deepEqual(requests.splice(0), ["/v1/kv/shop/tutti/?recurse=true", "acl"]);
  });

  it("are rejected if the prefix has no keys, and if the store returns no list of keys", async () => {
    const consul = { url, prefix: "shop" };
    for (const [status, body, reason] of [
      [404, "", /no keys below `shop\/`\. Check the address, the prefix/],
      [500, "", /status 500/],
      [200, "<html>", /no list/],
      [200, '[{"Value": 1}]', /no list/],
    ] as const) {
      answer = { status, body };
      await assert.rejects(readSettings({ environment: {}, consul }), {
        code: "sdk.settings_unreadable",
        message: reason,
      });
    }
    const unreachable = readSettings({
      environment: {},
      consul: { url: "http://127.0.0.1:1", prefix: "shop" },
    });
    await assert.rejects(unreachable, { code: "sdk.settings_unreadable" });
  });
});
