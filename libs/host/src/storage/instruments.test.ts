import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import { expose, MetricsRegistry } from "@tutti/telemetry";
import { StorageInstruments } from "./instruments.ts";

describe("metrics of the storage", () => {
  it("free space has no value before it is measured, since 0 raises the alert of a full disk", () => {
    const registry = new MetricsRegistry({ logger: silentLogger });
    const { freeBytes } = new StorageInstruments(registry);
    const exposed = () => expose(registry.families()).match(/^tutti_journal_disk_free_bytes .*$/m)?.[0];
    assert.equal(exposed(), undefined);
    freeBytes.set(5);
    assert.equal(exposed(), "tutti_journal_disk_free_bytes 5");
  });
});
