import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { Cluster, usualShape } from "../src/index.ts";

it("a cluster does not start while another program answers on the port of its gateway", async () => {
  const directory = await mkdtemp(join(tmpdir(), "tutti-cluster-"));
  const other = createServer((_, reply) => reply.end("ready"));
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  const next = createServer();
  await new Promise<void>((resolve) =>
    next.once("error", () => resolve()).listen(port + 10, "127.0.0.1", resolve),
  );
  try {
    const cluster = await Cluster.create({
      ...{ directory, frontPort: port, shape: { ...usualShape, isProtected: false } },
      // A started process would fail immediately, with another error.
      ...{ natsServer: "/no/such/program", moduleOf: () => "/no/such/module" },
    });
    await assert.rejects(cluster.up(AbortSignal.timeout(60_000)), {
      code: "cluster.port_in_use",
      message: new RegExp(`^Port ${port} of gateway-1 is in use`),
    });
    const refused = await cluster.requireFreePorts().catch((error: Error) => error);
    assert.match(refused?.message ?? "", new RegExp(`--port (?!${port + 10}\\.)\\d+\\.$`));
    assert.ok(cluster.members.every(({ pid }) => pid === undefined));
  } finally {
    next.close();
    other.close();
    await rm(directory, { recursive: true, force: true });
  }
});
