import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connect } from "node:tls";
import { fileURLToPath } from "node:url";
import { credentials, status } from "@grpc/grpc-js";
import { registryService } from "@tutti/contracts/registry/v1";
import { until } from "@tutti/kernel/testing";
import { note, noteService } from "@tutti/mesh/testing";
import { failureOf, OutsideClient } from "./support/outside-client.ts";
import { TestProcess } from "./support/process.ts";
import { type Folder, makeFolder, type Service, start } from "./support/services.ts";

const { listServices } = registryService.methods;
const everything = { page: undefined };

describe("from in-process to gRPC with mutual TLS by configuration alone", () => {
  let folder: Folder;
  let platform: Service;
  let notes: Service;

  const inFolder = (...path: readonly string[]) => join(folder.path, ...path);

  before(async () => {
    folder = await makeFolder();
    const configuration = await certificatesFor(folder.path, "platform");
    await writeFile(inFolder("tutti.yaml"), configuration);
    platform = await start("platform", ["--mesh.tls.refreshMs=300"], { directory: folder.path });
    await writeFile(inFolder("notes.yaml"), await certificatesFor(folder.path, "notes"));
    const peers = `--mesh.peers=${JSON.stringify({ registry: [platform.grpc] })}`;
    notes = await start("notes", ["--config=notes.yaml", "--mesh.tls.refreshMs=300", peers], {
      directory: folder.path,
    });
  });

  after(async () => {
    await notes?.[Symbol.asyncDispose]();
    await platform?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  it("the platform calls itself over a connection with TLS, and in process without", async () => {
    await using plainFolder = await makeFolder();
    await using plain = await start("platform", [], { directory: plainFolder.path });
    for (const each of [plain, platform]) await each.line("following the registry");

    assert.equal((await platform.line("mesh listening"))["tls"], "mutual");
    assert.equal((await plain.line("mesh listening"))["tls"], "off");
    if (process.platform !== "linux") return;
    assert.equal(connectionsTo(plain.grpc), 0);
    assert.notEqual(connectionsTo(platform.grpc), 0);
  });

  it("another service is found and called under its own certificate", async () => {
    using colleague = new OutsideClient(platform.grpc, await secured(inFolder("certs"), "notes"));

    const { services } = await until(
      "the notes to be registered",
      () => colleague.call(listServices, everything),
      (reply) => reply.services.some(({ name }) => name === "notes"),
    );

    assert.deepEqual(
      services.map(({ name }) => name),
      ["blob", "gateway", "governance", "insight", "master", "notes", "registry", "swarm", "workflow"],
    );
    using caller = new OutsideClient(notes.grpc, await secured(inFolder("certs"), "platform"));
    assert.equal(
      (await caller.call(noteService.methods.get, note({ text: "in private" }))).text,
      "in private",
    );
  });

  it("an outsider is refused: without TLS, without a certificate, and with one of another authority", async () => {
    await using foreignFolder = await makeFolder();
    await certificatesFor(foreignFolder.path, "notes");
    const authority = await readFile(inFolder("certs", "ca.crt"));
    const forged = await secured(join(foreignFolder.path, "certs"), "notes", authority);

    for (const [title, security] of [
      ["without TLS", credentials.createInsecure()],
      ["without a certificate", credentials.createSsl(authority)],
      ["with a certificate of another authority", forged],
    ] as const) {
      using outsider = new OutsideClient(platform.grpc, security);
      const { code } = await failureOf(outsider.call(listServices, everything));
      assert.equal(code, status.UNAVAILABLE, title);
    }
  });

  it("replaced certificates take effect without a restart", async () => {
    const before = await fingerprintAt(platform.grpc, inFolder("certs"));

    await certificatesFor(folder.path, "platform", "--rotate");
    await until(
      "the new certificate",
      () => fingerprintAt(platform.grpc, inFolder("certs")),
      (fingerprint) => fingerprint !== before,
    );

    using caller = new OutsideClient(platform.grpc, await secured(inFolder("certs"), "platform"));
    await caller.call(listServices, everything);
  });

  it("a new authority replaces the first, while both processes keep calling each other", async () => {
    const first = await secured(inFolder("certs"), "notes");
    const reloadCounts = () =>
      [platform, notes].map(
        ({ lines }) =>
          lines.filter(({ msg }) => msg === "certificates replaced, new connections use them").length,
      );
    for (const step of ["trusted beside it", "signs", "alone"]) {
      const before = reloadCounts();
      await certificatesFor(folder.path, "platform", "--next-authority");
      // Before both have reloaded, each meets certificates that the other has not loaded yet.
      for (const [address, service] of [
        [platform.grpc, "notes"],
        [notes.grpc, "platform"],
      ] as const) {
        using caller = new OutsideClient(address, await secured(inFolder("certs"), service));
        if (address === platform.grpc) await caller.call(listServices, everything);
        else await caller.call(noteService.methods.get, note({ text: step }));
      }
      await until("both to have taken it up", () =>
        reloadCounts().every((count, index) => count > (before[index] ?? 0)),
      );
    }
    using late = new OutsideClient(platform.grpc, first);
    const { code } = await failureOf(late.call(listServices, everything));
    assert.equal(code, status.UNAVAILABLE, "what the first signed is trusted no more");
    using colleague = new OutsideClient(platform.grpc, await secured(inFolder("certs"), "notes"));
    const { services } = await colleague.call(listServices, everything);
    assert.ok(services.some(({ name, ready }) => name === "notes" && ready === 1));
  });

  it("none of this logs a warning or an error", () => {
    const lines = [...platform.lines, ...notes.lines];

    assert.deepEqual(
      lines.filter(({ level }) => level === "error" || level === "warn"),
      [],
    );
    assert.match(platform.errorOutput, /^tutti: ready at \S+\. Sign in: .*\n$/);
    assert.equal(notes.errorOutput, "");
  });
});

/** Creates certificates as the README describes, and returns the configuration that the tool prints. */
async function certificatesFor(
  directory: string,
  service: string,
  ...more: readonly string[]
): Promise<string> {
  await using tool = new TestProcess({
    program: fileURLToPath(new URL("../../../tools/certs.mjs", import.meta.url)),
    arguments: ["--out", "certs", "--services", service, ...more],
    directory,
  });
  assert.equal((await tool.waitForExit()).code, 0, tool.output);
  const [, configuration = ""] = tool.output.split(/^in the configuration of .*:\n/m);
  return configuration;
}

async function secured(directory: string, service: string, authority?: Buffer) {
  const pem = (name: string) => readFile(join(directory, name));
  const files = [authority ?? pem("ca.crt"), pem(`${service}.key`), pem(`${service}.crt`)] as const;
  return credentials.createSsl(...(await Promise.all(files)));
}

/** Returns the fingerprint of the certificate that a new connection receives. */
async function fingerprintAt(address: string, directory: string): Promise<string> {
  const [ca, cert, key] = await Promise.all(
    ["ca.crt", "notes.crt", "notes.key"].map((name) => readFile(join(directory, name))),
  );
  const [host, port] = address.split(":");
  const socket = connect({
    host,
    port: Number(port),
    servername: "localhost",
    ca,
    cert,
    key,
    ALPNProtocols: ["h2"],
  });
  try {
    await once(socket, "secureConnect");
    return socket.getPeerCertificate().fingerprint256;
  } finally {
    socket.destroy();
  }
}

/** Returns the number of established connections to an address of this machine. */
function connectionsTo(address: string): number {
  const port = Number(address.slice(address.lastIndexOf(":") + 1));
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const established = "01";
  return readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, from = "", , state]) => from.endsWith(local) && state === established).length;
}
