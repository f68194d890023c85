import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { isTuttiError, systemFoundation } from "@tutti/kernel";
import { verifySignature } from "@tutti/policy";
import { keysDirectoryIn, openInstallationKeys } from "../src/index.ts";

describe("the keys of an installation", () => {
  const ports = systemFoundation();
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tutti-keys-"));
  });
  after(() => rm(folder, { recursive: true }));

  it("are created once, even by concurrent starts, and never change", async () => {
    const directory = keysDirectoryIn(folder);
    const all = await Promise.all(Array.from({ length: 8 }, () => openInstallationKeys(directory, ports)));
    const reopened = await openInstallationKeys(directory, ports);
    for (const { signingKey, tokenKey } of all) {
      assert.deepEqual(signingKey, reopened.signingKey);
      assert.deepEqual(tokenKey, reopened.tokenKey);
    }
    const content = Buffer.from("content");
    const signature = all[0]?.signer.sign("bundle", content) ?? assert.fail("it signs");
    assert.ok(verifySignature(reopened.signingKey.publicKey, signature, "bundle", content));
    assert.equal("d" in reopened.publicTokenKey, false, "others get no secret");
    assert.deepEqual((await readdir(directory)).sort(), ["made", "signing.json", "token.json"]);
  });

  it("lie in files that only their user can read", { skip: process.platform === "win32" }, async () => {
    const directory = join(folder, "private");
    await openInstallationKeys(directory, ports);
    for (const file of ["signing.json", "token.json"])
      assert.equal((await stat(join(directory, file))).mode & 0o777, 0o600);
  });

  it("are never recreated if one is missing, and an altered key is rejected", async () => {
    const directory = join(folder, "missing");
    await openInstallationKeys(directory, ports);
    const file = join(directory, "token.json");
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace('"kid":"', '"kid":"x'));
    await assert.rejects(openInstallationKeys(directory, ports), { code: "host.key_unreadable" });
    await rm(file);
    await assert.rejects(openInstallationKeys(directory, ports), { code: "host.key_missing" });
    await writeFile(file, text);
    await openInstallationKeys(directory, ports);
  });

  it("are never recreated over an unreadable file, which the message names", async () => {
    const directory = join(folder, "damaged");
    await openInstallationKeys(directory, ports);
    await writeFile(join(directory, "signing.json"), "not json");
    await assert.rejects(openInstallationKeys(directory, ports), (error) => {
      assert.ok(isTuttiError(error) && error.code === "host.key_unreadable");
      assert.match(error.message, /The key file .*signing\.json is damaged: .*\. Restore the file/);
      return true;
    });
  });
});
