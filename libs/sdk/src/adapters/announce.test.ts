import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import type { Adapter } from "./adapter.ts";
import { AnnouncedService } from "./announce.ts";

process.env["TUTTI_TEST_STOCK"] = "sesame";
after(() => {
  delete process.env["TUTTI_TEST_STOCK"];
});

/** Returns the state after the first check of a service that opens a secret. */
async function firstCheck(reference: string, secrets: readonly string[]): Promise<string> {
  const checked = Promise.withResolvers<void>();
  const logger = { ...silentLogger, info: () => checked.resolve(), warn: () => checked.resolve() };
  const stock: Adapter = {
    ...{ name: "stock", kind: "test" },
    operations: { find: { repeat: "safe", call: async () => 3 } },
    check: async ({ secret }) => void (await secret(reference)),
  };
  // No server listens there. Checks do not need the link.
  const worker = { address: "127.0.0.1:9", secrets };
  const service = new AnnouncedService(stock, { worker, logger });
  const started = service.start().catch(() => {});
  await checked.promise;
  const { isHealthy, reason = "" } = service.health;
  await service.stop();
  await started;
  return isHealthy ? "healthy" : reason;
}

describe("an announced service", () => {
  it("takes no tasks if its worker does not offer the secret of its tasks", async () => {
    assert.match(
      await firstCheck("env:TUTTI_TEST_STOCK", []),
      /^env:TUTTI_TEST_STOCK is not among the secrets/,
    );
    assert.equal(await firstCheck("env:TUTTI_TEST_STOCK", ["env:TUTTI_TEST_STOCK"]), "healthy");
  });

  it("says which secret its check cannot open", async () => {
    assert.match(
      await firstCheck("env:TUTTI_TEST_NONE", ["env:TUTTI_TEST_NONE"]),
      /env:TUTTI_TEST_NONE is not set/,
    );
    assert.match(
      await firstCheck("secret:stock", []),
      /^secret:stock can be opened only in a task\. Use `env:NAME`/,
    );
  });
});
