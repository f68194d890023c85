import assert from "node:assert/strict";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { systemFoundation } from "@tutti/kernel";
import { natsErrors } from "@tutti/nats";
import { connectionTo, type NatsServer, natsServerProgram, startNatsServer } from "@tutti/nats/testing";
import { TokenCipher } from "@tutti/runtime";
import { attemptKey, attemptKeyOf, sharedAttemptKey } from "../src/keys/attempt-key.ts";
import { openKeysOf } from "../src/keys/installation-keys.ts";
import { createFolder, type Folder } from "./storage.fixture.ts";

const foundation = systemFoundation();
const { signal } = new AbortController();

/** Returns the encryption of the same token in a newly started process. */
async function tokenAfterStart(dataDirectory: string | undefined, keysDirectory = ""): Promise<string> {
  const cipher = new TokenCipher();
  await attemptKey({ cipher, foundation, dataDirectory, keysDirectory, shared: undefined }).start({ signal });
  const bytes = new Uint8Array(16);
  cipher.encrypt(bytes);
  return Buffer.from(bytes).toString("hex");
}

describe("the key of tokens", () => {
  let folder: Folder;
  before(async () => {
    folder = await createFolder();
  });
  after(() => folder?.[Symbol.asyncDispose]());

  it("is the same after each start, and differs between installations", async () => {
    const [one, other] = [join(folder.path, "one"), join(folder.path, "other")];
    const token = await tokenAfterStart(one);
    assert.equal(await tokenAfterStart(one), token);
    assert.notEqual(await tokenAfterStart(other), token);
    assert.notEqual(await tokenAfterStart(undefined), await tokenAfterStart(undefined));
  });

  it("is stored with the other keys of the installation, in any directory", async () => {
    const data = join(folder.path, "apart");
    const keys = join(folder.path, "safe");
    const token = await tokenAfterStart(data, keys);
    assert.deepEqual((await readdir(keys)).sort(), ["attempts.json", "made"]);
    await openKeysOf(data, keys, foundation);
    assert.equal(await tokenAfterStart(data, keys), token);
    assert.deepEqual((await readdir(keys)).sort(), ["attempts.json", "made", "signing.json", "token.json"]);
  });

  it("is never replaced if it is missing or was changed", async () => {
    const data = join(folder.path, "missing");
    await tokenAfterStart(data);
    const file = join(data, "keys", "attempts.json");
    await writeFile(file, '{"createMs":1,"key":"AAAAAAAAAAAAAAAAAAAAAA"}\n');
    await assert.rejects(tokenAfterStart(data), { code: "host.key_unreadable" });
    await rm(file);
    await assert.rejects(tokenAfterStart(data), { code: "host.key_missing" });
    await rm(join(data, "keys"), { recursive: true });
    await assert.rejects(tokenAfterStart(data), { code: "host.key_missing" });
  });
});

const program = await natsServerProgram();

describe("the key of tokens of processes with shared ownership", { skip: program.skip }, () => {
  let server: NatsServer;
  before(async () => {
    server = await startNatsServer();
  });
  after(() => server?.[Symbol.asyncDispose]());

  it("is the first key that was created, also after an import", async () => {
    await using folder = await createFolder();
    await tokenAfterStart(folder.path);
    const imported = attemptKeyOf(folder.path) ?? assert.fail("a key");
    const keys: Uint8Array[] = [];
    for (const candidate of [imported, new Uint8Array(16).fill(7), new Uint8Array(16).fill(8)]) {
      await using connection = await connectionTo([server.address]);
      keys.push(await sharedAttemptKey(connection, { replicas: 1, candidate, signal }));
    }
    for (const key of keys) assert.deepEqual(Buffer.from(key), Buffer.from(imported));
  });

  it("is read again while the server does not know the bucket that another process has created", async () => {
    await using connection = await connectionTo([server.address]);
    let failures = 0;
    const behind = new Proxy(connection, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return (...given: unknown[]) => {
          if (name === "persist" && String(given[0]).startsWith("reading") && failures < 2) {
            failures += 1;
            throw natsErrors.missing({ operation: "creation of attempts", reason: "stream not found" });
          }
          return Reflect.apply(value, target, given);
        };
      },
    });
    const candidate = new Uint8Array(16).fill(9);
    const key = await sharedAttemptKey(behind, { replicas: 1, candidate, signal });
    assert.deepEqual([key.length, failures], [16, 2]);
  });
});
