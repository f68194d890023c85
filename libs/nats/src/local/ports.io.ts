import assert from "node:assert/strict";
import { createServer } from "node:net";
import { it } from "node:test";
import { freePorts } from "./ports.ts";

it("free ports differ, are not in use, and are outside the range that the system assigns to connections", async () => {
  const ports = await freePorts(50);
  assert.equal(new Set(ports).size, 50);
  assert.ok(ports.every((port) => port >= 10_000 && port < 32_768));
  await using listener = createServer();
  const [port = 0] = ports;
  await new Promise<void>((resolve) => listener.listen(port, "127.0.0.1", resolve));
  assert.equal((await freePorts(1)).includes(port), false);
});
