/** Mutual TLS: accepted and rejected peers, and new certificates without a restart. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { connect, type PeerCertificate, type SecureVersion } from "node:tls";
import { localAdministrator } from "@tutti/kernel";
import { VirtualTime } from "@tutti/kernel/testing";
import {
  createDevelopmentCertificates,
  Mesh,
  type MeshOptions,
  type MeshSettingsInput,
  meshErrors,
} from "../src/index.ts";
import { note, noteHandlers, noteService } from "../src/testing/index.ts";
import { quietFoundation } from "./pairs.ts";

describe("mutual TLS", () => {
  let directory: string;
  const opened: Mesh[] = [];

  const createCertificates = (rotate = false, at = directory) =>
    createDevelopmentCertificates({ directory: at, services: ["notes", "caller"], rotate });
  const tlsOf = (service: string, at = directory): MeshSettingsInput["tls"] => ({
    mode: "mutual",
    ca: join(at, "ca.crt"),
    cert: join(at, `${service}.crt`),
    key: join(at, `${service}.key`),
  });

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "tutti-tls-"));
    await createCertificates();
  });
  afterEach(async () => {
    for (const mesh of opened.splice(0)) await mesh.stop();
    await rm(directory, { recursive: true });
  });

  async function serve(meshOptions: MeshOptions = {}): Promise<Mesh> {
    const { settings, ...options } = meshOptions;
    const mesh = new Mesh({
      foundation: quietFoundation,
      settings: { transport: "grpc", listen: "127.0.0.1:0", tls: tlsOf("notes"), ...settings },
      ...options,
    });
    opened.push(mesh);
    mesh.serve(noteService, noteHandlers());
    await mesh.start();
    return mesh;
  }

  function callerOf(server: Mesh, tls: MeshSettingsInput["tls"]): Mesh {
    const mesh = new Mesh({
      foundation: quietFoundation,
      settings: {
        transport: "grpc",
        peers: { notes: [server.address] },
        retry: { attempts: 1 },
        ...(tls && { tls }),
      },
    });
    opened.push(mesh);
    return mesh;
  }

  const call = (mesh: Mesh) => mesh.client(noteService).get(note({ text: "hi" }), { timeoutMs: 5_000 });

  it("speaks no TLS before 1.2, and with the caller that can the newest", async () => {
    const server = await serve();
    const [host, port] = server.address.split(":");
    const [ca, cert, key] = await Promise.all(
      ["ca.crt", "caller.crt", "caller.key"].map((name) => readFile(join(directory, name))),
    );
    /**
     * Returns the protocol, or the error code. The lowest security level lets this side offer protocols that are long
     * broken.
     */
    const negotiatedVersion = (maxVersion: SecureVersion) =>
      new Promise<string>((resolve) => {
        const socket = connect({
          host,
          port: Number(port),
          ca,
          cert,
          key,
          maxVersion,
          servername: "localhost",
          ALPNProtocols: ["h2"],
          ...{ minVersion: "TLSv1" as const, ciphers: "DEFAULT@SECLEVEL=0" },
        });
        socket.once("secureConnect", () => {
          resolve(socket.getProtocol() ?? "");
          socket.destroy();
        });
        socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      });
    assert.equal(await negotiatedVersion("TLSv1.3"), "TLSv1.3");
    assert.equal(await negotiatedVersion("TLSv1.2"), "TLSv1.2");
    for (const old of ["TLSv1.1", "TLSv1"] as const)
      assert.match(await negotiatedVersion(old), /PROTOCOL_VERSION|HANDSHAKE|ECONNRESET/, old);
  });

  it("admits callers with a certificate of the same authority, and identifies them", async () => {
    const peers: (string | undefined)[] = [];
    const server = await serve({
      gate: {
        identity: {
          identify({ peer }) {
            peers.push(peer?.());
            return localAdministrator;
          },
        },
      },
    });
    assert.equal((await call(callerOf(server, tlsOf("caller")))).text, "hi");
    assert.deepEqual(peers, ["spiffe://tutti/service/caller"]);
  });

  it("rejects callers without a certificate", async () => {
    const server = await serve();
    await assert.rejects(call(callerOf(server, undefined)), { status: "UNAVAILABLE" });
  });

  it("rejects callers with a certificate of another authority, and their errors name the cause", async () => {
    const other = await mkdtemp(join(tmpdir(), "tutti-tls-other-"));
    await createCertificates(false, other);
    const server = await serve();
    const caller = callerOf(server, tlsOf("caller", other));
    const certificate = /No connection to .*certificate/;
    await assert.rejects(call(caller), { code: "mesh.no_connection", message: certificate });
    // The error of the open breaker names the cause as well.
    let last: unknown;
    for (let tries = 0; tries < 100 && !meshErrors.noUsableInstance.is(last); tries++)
      last = await call(caller).catch((error: unknown) => error);
    assert.ok(meshErrors.noUsableInstance.is(last));
    assert.match(last.message, certificate);
    await rm(other, { recursive: true });
  });

  it("does not start with files that cannot be used", async () => {
    const mesh = new Mesh({
      foundation: quietFoundation,
      settings: { transport: "grpc", listen: "127.0.0.1:0", tls: { mode: "mutual", ca: "/nowhere/ca.crt" } },
    });
    opened.push(mesh);
    await assert.rejects(mesh.start(), { code: "mesh.bad_certificates" });
  });

  it("uses new certificates for new connections, while calls continue over existing ones", async () => {
    const time = new VirtualTime();
    const server = await serve({ foundation: { ...quietFoundation, timers: time } });
    const openCaller = callerOf(server, tlsOf("caller"));
    await call(openCaller);
    const before = await presentedCertificate(server, tlsOf("caller"));
    await createCertificates(true);
    time.advance(10_000);
    // The files are read in the background. A later connection shows the result.
    let after = before;
    while (after.serialNumber === before.serialNumber)
      after = await presentedCertificate(server, tlsOf("caller"));
    assert.equal(after.issuerCertificate.fingerprint256, before.issuerCertificate.fingerprint256);
    await call(openCaller);
    await call(callerOf(server, tlsOf("caller")));
  });
});

/** Returns the certificate that a server presents on a new connection. */
async function presentedCertificate(
  server: Mesh,
  tls: MeshSettingsInput["tls"],
): Promise<PeerCertificate & { issuerCertificate: PeerCertificate }> {
  const [ca, cert, key] = await Promise.all(
    [tls?.ca, tls?.cert, tls?.key].map((path) => readFile(path ?? "")),
  );
  const port = Number(server.address.split(":")[1]);
  return await new Promise((resolve, reject) => {
    const socket = connect(
      {
        host: "127.0.0.1",
        port,
        ca: ca ?? "",
        cert: cert ?? "",
        key: key ?? "",
        ALPNProtocols: ["h2"],
        servername: "localhost",
      },
      () => {
        resolve(socket.getPeerCertificate(true));
        socket.destroy();
      },
    );
    socket.on("error", reject);
  });
}
