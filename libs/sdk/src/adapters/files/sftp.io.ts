import assert from "node:assert/strict";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { sftpAdapter, sftpSource } from "@tutti/sdk/adapters";
import { needsProgram } from "../../../../../tools/programs.mjs";
import { passphrase, password, startSshd } from "../../../../../tools/sshd.mjs";
import { describePlace, failsWith, Task } from "./files.fixture.ts";

const program = await needsProgram("sshd");

describe("an SFTP server", { skip: program.skip }, () => {
  let server: Awaited<ReturnType<typeof startSshd>>;
  const secrets = new Map<string, string>();
  const secret = (reference: string) => secrets.get(reference) ?? "";
  before(async () => {
    server = await startSshd(program.path);
    secrets.set("env:URL", server.urlOf());
    secrets.set("env:KEY", server.keys.known);
    secrets.set("env:LOCKED", server.keys.locked);
    secrets.set("env:STRANGE", server.keys.strange);
    secrets.set("env:PHRASE", passphrase);
  });
  after(() => server?.[Symbol.asyncDispose]());
  const base = () => ({
    ...{ url: "env:URL" as const, hostKeys: [server.fingerprint], privateKey: "env:KEY" as const },
    connectMs: 5_000,
  });
  const put = async (path: string, text: string) => {
    const file = join(server.files, path);
    await mkdir(dirname(file), { recursive: true });
    // The server has another user than this test.
    for (let folder = dirname(file); folder.startsWith(server.files); folder = dirname(folder))
      await chmod(folder, 0o777);
    await writeFile(file, text);
  };

  describePlace(() => ({
    adapter: (more) => sftpAdapter({ name: "shop", ...base(), ...more }),
    source: (options) => sftpSource({ ...options, ...base() }),
    ...{ secret, put },
  }));

  const check = async (more: object) => {
    const adapter = sftpAdapter({ name: "shop", ...base(), ...more });
    await adapter.check(new Task(secret)).finally(() => adapter.close?.());
  };

  it("authenticates with a key that has a passphrase", async () => {
    await check({ privateKey: "env:LOCKED", passphrase: "env:PHRASE" });
    await failsWith(check({ privateKey: "env:LOCKED" }), "adapter.not_signed_in");
    await failsWith(check({ privateKey: "env:STRANGE" }), "adapter.not_signed_in");
  });

  it("authenticates with a password", {
    skip: password === "" && "a server of a user has no passwords",
  }, async () => {
    const { privateKey: _key, ...byPassword } = base();
    const checkOf = (text: string) => {
      secrets.set("env:OTHER", server.urlOf("", text));
      const adapter = sftpAdapter({ name: "shop", ...byPassword, url: "env:OTHER" });
      return adapter.check(new Task(secret)).finally(() => adapter.close?.());
    };
    await checkOf(password);
    await failsWith(checkOf("sesame-wrong"), "adapter.not_signed_in");
  });

  it("rejects a server with an unknown host key", async () => {
    const other = `SHA256:${"A".repeat(43)}`;
    const message = await failsWith(check({ hostKeys: [other] }), "adapter.refused");
    assert.ok(message.includes(`the key ${server.fingerprint}`), message);
    assert.throws(() => sftpAdapter({ name: "shop", ...base(), hostKeys: [] }), /expected fingerprints/);
  });

  it("reports why a connection fails, without the password", async () => {
    const cases: readonly (readonly [url: string, code: string])[] = [
      ["sftp://a:sesame@127.0.0.1:1/x", "adapter.unreachable"],
      ["sftp://a:sesame@nowhere.invalid/x", "adapter.unreachable"],
      [server.urlOf("/gone"), "adapter.refused"],
      ["https://a:sesame@host/x", "adapter.invalid"],
    ];
    for (const [url, code] of cases) {
      secrets.set("env:OTHER", url);
      await failsWith(check({ url: "env:OTHER" }), code);
    }
  });

  it("connects again after the server was killed, and a cancelled call ends", async () => {
    const adapter = sftpAdapter({ name: "shop", ...base() });
    const read = () => adapter.operations["read"]?.call({ path: "again.txt" }, new Task(secret));
    await put("again.txt", "again");
    await read();
    await server.kill();
    await failsWith(read(), "adapter.unreachable");
    await server.up();
    assert.deepEqual(await read(), { path: "again.txt", size: 5, text: "again" });
    const task = Object.assign(new Task(secret), { signal: AbortSignal.abort(new Error("cancelled")) });
    await assert.rejects(
      adapter.operations["read"]?.call({ path: "again.txt" }, task) ?? Promise.resolve(),
      /cancelled/,
    );
    adapter.close?.();
  });
});
