/** A worker over gRPC with mutual TLS: the hosts that it trusts, and its own identity. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type AgentFrame, agentLinkService, HostFrame } from "@tutti/contracts/agent/v1";
import { silentLogger } from "@tutti/kernel";
import { latch, recordingLogger } from "@tutti/kernel/testing";
import { createDevelopmentCertificates, Mesh } from "@tutti/mesh";
import { Worker, type WorkerCredentials } from "../src/index.ts";

const numbers = { "stock.reserve@1.0.0": 1 };
const welcome = HostFrame.fromPartial({
  answer: {
    $case: "welcome",
    value: { linkId: "link", agentId: "one", version: 1, capabilityNumbers: { numbers } },
  },
});

describe("a worker with certificates", () => {
  let directory: string;
  let host: Mesh;
  const received: AgentFrame[] = [];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "tutti-sdk-tls-"));
    await createDevelopmentCertificates({ directory, services: ["swarm", "worker"] });
    await createDevelopmentCertificates({ directory: join(directory, "other"), services: ["worker"] });
    host = new Mesh({
      foundation: { logger: silentLogger },
      settings: {
        transport: "grpc",
        listen: "127.0.0.1:0",
        tls: { mode: "mutual", ca: path("ca.crt"), cert: path("swarm.crt"), key: path("swarm.key") },
      },
    });
    host.serve(agentLinkService, {
      async *link(frames) {
        for await (const frame of frames) {
          received.push(frame);
          if (frame.hello !== undefined) yield welcome;
          if (frame.bye !== undefined) return;
        }
      },
    });
    await host.start();
  });
  after(async () => {
    await host?.stop();
    await rm(directory, { recursive: true });
  });

  function path(name: string): string {
    return join(directory, name);
  }

  async function credentialsIn(folder: string): Promise<WorkerCredentials> {
    const [certificateAuthority, certificate, privateKey] = await Promise.all(
      ["ca.crt", "worker.crt", "worker.key"].map((name) => readFile(path(join(folder, name)))),
    );
    assert.ok(certificateAuthority && certificate && privateKey);
    return { certificateAuthority, certificate, privateKey, accessToken: "token-of-a-test" };
  }

  it("links to a host that the same authority has certified, and says goodbye", async () => {
    const credentials = await credentialsIn("");
    const worker = new Worker(
      { address: host.address, handleSignals: false, credentials },
      { logger: silentLogger },
    );
    worker.handle("stock.reserve", (input) => input);
    await worker.start();
    assert.equal(worker.agentId, "one");
    await worker.stop();
    assert.ok(received.at(-1)?.bye !== undefined);
  });

  it("does not link to a host that another authority has certified, and sends it no data", async () => {
    received.length = 0;
    const credentials = await credentialsIn("other");
    const attempted = latch();
    const logger = recordingLogger();
    const info = logger.info;
    const worker = new Worker(
      { address: host.address, handleSignals: false, credentials },
      {
        logger: {
          ...logger,
          info(message, fields) {
            info(message, fields);
            if (message.startsWith("no link")) attempted.open();
          },
        },
      },
    );
    worker.handle("stock.reserve", (input) => input);
    const started = worker.start();
    await attempted.opened;
    assert.deepEqual(received, []);
    assert.ok(!JSON.stringify(logger.lines).includes("token-of-a-test"));
    await worker.stop();
    await assert.rejects(started, { code: "sdk.stopped" });
  });
});
