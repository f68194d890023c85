import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { NatsConnection, natsErrors, type TlsFiles } from "../src/index.ts";
import {
  connectionTo,
  type NatsServer,
  natsServerProgram,
  startNatsServer,
  testSettings,
} from "../src/testing/index.ts";

const program = await natsServerProgram();
const run = promisify(execFile);
const { signal } = new AbortController();

describe("NatsConnection over TLS", { skip: program.skip }, () => {
  let folder = "";
  let server: NatsServer;
  const file = (name: string): string => join(folder, name);
  const files = (): TlsFiles => ({
    caFile: file("ca.crt"),
    certFile: file("cli.crt"),
    keyFile: file("cli.key"),
    handshakeFirst: false,
  });
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tutti-nats-tls-"));
    const tool = fileURLToPath(new URL("../../../tools/certs.mjs", import.meta.url));
    await run(process.execPath, [tool, "--out", folder, "--services", "nats,cli"]);
    const tls = `tls { ca_file: "${file("ca.crt")}", cert_file: "${file("nats.crt")}", key_file: "${file("nats.key")}", verify: true }`;
    server = await startNatsServer({ configuration: tls });
  });
  after(async () => {
    await server?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it("connects if both sides authenticate", async () => {
    const connection = await connectionTo([server.address], { settings: { tls: files() } });
    assert.equal(connection.health().level, "healthy");
    await connection.stop(signal);
  });

  const refused: readonly [string, () => Partial<TlsFiles>, RegExp][] = [
    ["a server whose authority it does not know", () => ({ caFile: undefined }), /unable to verify/],
    ["a file that is not there", () => ({ caFile: file("missing.crt") }), /ENOENT.*missing\.crt/],
  ];
  for (const [title, change, reason] of refused) {
    it(`fails to start with ${title}, and reports the reason`, async () => {
      const settings = testSettings([server.address], { tls: { ...files(), ...change() } });
      const started = new NatsConnection({ settings }).start({ signal });
      await assert.rejects(started, (error) => {
        assert.ok(natsErrors.untrusted.is(error));
        assert.match(error.message, reason);
        return true;
      });
    });
  }
});
