import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRefusal } from "@tutti/kernel";
import { MachineDriver } from "@tutti/kernel/testing";
import { archive, definition, point, register, version, versions } from "../index.ts";

const key = { namespace: "default", kind: "definition", id: "order" };
const source = { sha256: new Uint8Array(32), size: 10 };

function registered(labels: readonly string[] = []): MachineDriver {
  const driver = new MachineDriver({ machines: [definition], service: "workflow" });
  add(driver, "a", labels);
  return driver;
}

function add(driver: MachineDriver, hash: string, labels: readonly string[]): unknown {
  const searchLabels = { content: hash };
  const facts = new Uint8Array();
  return driver.execute(key, register, {
    ...{ hash, facts, factsBlob: undefined, source, labels: [...labels], searchLabels },
  });
}

function meant(driver: MachineDriver, label: string): unknown {
  const found = driver.query(key, version, { hash: "", label });
  return isRefusal(found) ? found.code : found.version.hash;
}

describe("versions of a definition", () => {
  it("the first is the latest, whatever was said", () => {
    assert.equal(meant(registered(["1.0.0"]), ""), "a");
  });

  it("the same content again is the same version, and its labels move", () => {
    const driver = registered();
    add(driver, "b", ["latest", "stable"]);
    assert.deepEqual(add(driver, "a", ["stable"]), { existed: true });
    assert.deepEqual([meant(driver, "latest"), meant(driver, "stable")], ["b", "a"]);
    const listed = driver.query(key, versions, { from: 0, count: 10 });
    assert.ok(!isRefusal(listed));
    assert.deepEqual(
      listed.versions.map(({ version: { hash }, labels }) => [hash, labels]),
      [
        ["b", ["latest"]],
        ["a", ["stable"]],
      ],
    );
  });

  it("registering what is there and pointed leaves no event", () => {
    const driver = registered(["stable"]);
    const before = driver.history(key).length;
    add(driver, "a", ["stable", "latest"]);
    assert.equal(driver.history(key).length, before);
  });

  it("latest can be moved and not removed", () => {
    const driver = registered();
    const refused = driver.execute(key, point, { label: "latest", hash: "", searchLabels: {} });
    assert.ok(isRefusal(refused));
    assert.equal(refused.code, "definition.latest_stays");
  });

  it("a label to a version that is not there is refused", () => {
    const refused = registered().execute(key, point, { label: "stable", hash: "b", searchLabels: {} });
    assert.ok(isRefusal(refused));
    assert.equal(refused.code, "definition.missing");
  });

  it("all versions are archived and brought back at once, and only what changes is told", () => {
    const driver = registered();
    add(driver, "b", []);
    assert.deepEqual(driver.execute(key, archive, { hash: "a", restore: false }), { changed: 1 });
    assert.deepEqual(driver.execute(key, archive, { hash: "", restore: false }), { changed: 1 });
    assert.deepEqual(driver.execute(key, archive, { hash: "", restore: true }), { changed: 2 });
  });
});

describe("a version", () => {
  it("names the blobs of its plan, its source and what is said about it", () => {
    const [event] = definition.events.filter(({ type }) => type === "version_registered");
    const hash = "ab".repeat(32);
    const factsBlob = { sha256: new Uint8Array(32).fill(1), size: 20 };
    const body = { version: { hash, source, factsBlob } };
    assert.deepEqual(
      [...(event?.blobs?.(body) ?? [])].map((sha256) => Buffer.from(sha256).toString("hex")),
      [hash, "00".repeat(32), "01".repeat(32)],
    );
    assert.deepEqual([...(event?.blobs?.({ version: undefined }) ?? [])], []);
  });
});
