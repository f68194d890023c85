import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { BundleContent } from "@tutti/contracts/governance/v1";
import { isTuttiError, systemClock } from "@tutti/kernel";
import { recordingLogger } from "@tutti/kernel/testing";
import { Credentials } from "./credentials.ts";
import { issuersIn } from "./issuers.ts";
import { accessSection } from "./settings.ts";

const issuer = "https://id.example";

function pair(kid: string) {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  return { kid, privateKey, jwk: { ...publicKey.export({ format: "jwk" }), kid, alg: "EdDSA" } };
}

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

function tokenOf(
  { kid, privateKey }: { readonly kid: string; readonly privateKey: KeyObject },
  claims: object = {},
): string {
  const nowS = Math.floor(Date.now() / 1_000);
  const body = { iss: issuer, aud: "tutti-shop", sub: "ada", groups: ["night"], exp: nowS + 600, ...claims };
  const text = `${encoded({ alg: "EdDSA", kid })}.${encoded(body)}`;
  return `${text}.${sign(null, Buffer.from(text), privateKey).toString("base64url")}`;
}

describe("tokens of another issuer", () => {
  const [first, second] = [pair("first"), pair("second")];
  let server: Server;
  let url: string;
  let isMoved = false;

  before(async () => {
    server = createServer((request, response) => {
      if (isMoved || request.url !== "/keys") {
        response.writeHead(302, { location: "/keys" }).end();
        return;
      }
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ keys: [first.jwk] }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
  });
  after(() => new Promise((resolve) => server.close(resolve)));

  function credentials(keys = url): Credentials {
    const options = { keys, audiences: ["tutti-shop"], idPrefix: "id.example|" };
    const settings = accessSection.schema.parse({ issuers: { [issuer]: options } });
    const checker = new Credentials(
      settings,
      new Uint8Array(32),
      issuersIn(settings, systemClock, recordingLogger()),
    );
    checker.renew(BundleContent.create());
    return checker;
  }

  const refused = (credential: string, reason: RegExp, from = credentials()) =>
    assert.rejects(from.principalOf(credential, "10.0.0.1", Date.now()), (error) => {
      assert.ok(isTuttiError(error) && error.code === "access.credential_refused", String(error));
      assert.match(error.message, reason);
      return true;
    });

  it("identify a person by the issuer's prefix, with the person's groups", async () => {
    const { kind, id, credential } = await credentials().principalOf(tokenOf(first), "10.0.0.1", Date.now());
    assert.deepEqual([kind, id, credential.groups], ["person", "id.example|ada", ["night"]]);
  });

  it("are refused if they are for another audience, of another issuer or key, or have ended", async () => {
    await refused(tokenOf(first, { aud: "another" }), /./);
    await refused(tokenOf(first, { iss: "https://evil.example" }), /./);
    await refused(tokenOf(first, { exp: Math.floor(Date.now() / 1_000) - 3_600 }), /expired/);
    await refused(tokenOf(second), /./);
    await refused(tokenOf({ ...second, kid: "first" }), /./);
  });

  it("are rejected while the configured address does not serve the keys", async () => {
    isMoved = true;
    await refused(tokenOf(first), /keys of its issuer are unavailable/);
    isMoved = false;
  });

  it("require an https address for the keys", () => {
    const options = { audiences: ["a"], idPrefix: "x|" };
    const parsed = (keys: string) =>
      accessSection.schema.safeParse({ issuers: { [issuer]: { ...options, keys } } });
    assert.equal(parsed("http://id.example/keys").success, false);
    assert.equal(parsed("http://127.0.0.1.evil.example/keys").success, false);
    assert.equal(parsed("https://id.example/keys").success, true);
  });
});
