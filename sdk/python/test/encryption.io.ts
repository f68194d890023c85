/** A worker in Python over gRPC with mutual TLS. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type AgentFrame, agentLinkService, HostFrame } from "@tutti/contracts/agent/v1";
import { silentLogger } from "@tutti/kernel";
import { createDevelopmentCertificates, Mesh } from "@tutti/mesh";
import { folder, python, run } from "./python.fixture.ts";

const program = `
import sys
from pathlib import Path
from tutti import Credentials, Worker

address, folder = sys.argv[1], Path(sys.argv[2])
authority, certificate, key = ((folder / name).read_bytes() for name in ("ca.crt", "worker.crt", "worker.key"))
worker = Worker(address, credentials=Credentials("token-of-a-test", authority, certificate, key))
worker.handle("stock.reserve", lambda order: order)
try:
    worker.start(timeout=float(sys.argv[3]))
    print("linked as", worker.agent_id)
except TimeoutError:
    print("not linked")
worker.stop()
worker.wait()
print("stopped")
`;

const numbers = { "stock.reserve@1.0.0": 1 };
const welcome = HostFrame.fromPartial({
  answer: {
    $case: "welcome",
    value: { linkId: "link", agentId: "one", version: 1, capabilityNumbers: { numbers } },
  },
});

describe("a worker in Python with certificates", { skip: python.skip }, () => {
  let directory: string;
  let host: Mesh;
  const receivedFrames: AgentFrame[] = [];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "tutti-python-tls-"));
    const path = (name: string) => join(directory, name);
    await createDevelopmentCertificates({ directory, services: ["swarm", "worker"] });
    await createDevelopmentCertificates({ directory: path("other"), services: ["worker"] });
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
          receivedFrames.push(frame);
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

  it("links to a host that the same authority has certified, and says goodbye", async () => {
    const { code, output } = await run(["-c", program, host.address, directory, "20"], folder);
    assert.equal(code, 0, output);
    assert.match(output, /^linked as one$/m);
    assert.ok(receivedFrames.at(-1)?.bye !== undefined);
    assert.ok(!output.includes("token-of-a-test"));
  });

  it("does not link to a host that another authority has certified, and sends it no data", async () => {
    receivedFrames.length = 0;
    const { code, output } = await run(["-c", program, host.address, join(directory, "other"), "3"], folder);
    assert.equal(code, 0, output);
    assert.match(output, /no link, retrying/);
    assert.match(output, /^not linked$/m);
    assert.match(output, /^stopped$/m);
    assert.deepEqual(receivedFrames, []);
    assert.ok(!output.includes("token-of-a-test"));
  });
});
