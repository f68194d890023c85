import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRefusal } from "@tutti/kernel";
import { MachineDriver } from "@tutti/kernel/testing";
import { archive, definition, point, register, rollOut, version, versions } from "../index.ts";

const key = { namespace: "default", kind: "definition", id: "order" };
const source = { sha256: new Uint8Array(32), size: 10 };

function registered(labels: readonly string[] = []): MachineDriver {
  const driver = new MachineDriver({ machines: [definition], service: "workflow" });
  add(driver, "a", labels);
  return driver;
}

function add(driver: MachineDriver, hash: string, labels: readonly string[], percent?: number): unknown {
  const searchLabels = { content: hash };
  const facts = new Uint8Array();
  return driver.execute(key, register, {
    ...{ hash, facts, factsBlob: undefined, source, labels: [...labels], searchLabels, percent },
  });
}

function resolvedHash(driver: MachineDriver, label: string): unknown {
  const found = driver.query(key, version, { hash: "", label });
  return isRefusal(found) ? found.code : found.version.hash;
}

describe("versions of a definition", () => {
  it("the first version is the latest, with or without the label in the request", () => {
    assert.equal(resolvedHash(registered(["1.0.0"]), ""), "a");
  });

  it("the same content again is the same version, and its labels move", () => {
    const driver = registered();
    add(driver, "b", ["latest", "stable"]);
    assert.deepEqual(add(driver, "a", ["stable"]), { existed: true });
    assert.deepEqual([resolvedHash(driver, "latest"), resolvedHash(driver, "stable")], ["b", "a"]);
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

  it("the error of an unknown version names the newest versions, by label or start of the hash", () => {
    const driver = registered();
    for (let n = 1; n <= 6; n++) add(driver, `0123456789abcdef-${n}`, n === 6 ? ["2.0.0"] : []);
    const found = driver.query(key, version, { hash: "", label: "9" });
    assert.ok(isRefusal(found));
    assert.match(found.message, /Newest versions: 2\.0\.0(, 0123456789ab){4}\. List its versions/);
  });

  it("registering a known version with its label again records no event", () => {
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

  it("a label for an unknown version is rejected", () => {
    const refused = registered().execute(key, point, { label: "stable", hash: "b", searchLabels: {} });
    assert.ok(isRefusal(refused));
    assert.equal(refused.code, "definition.missing");
  });

  it("the unique start of a hash selects a version if no label equals it, and an ambiguous one lists the candidates", () => {
    const driver = registered();
    const [first, second] = [`0123abcd${"0".repeat(56)}`, `0123abcd${"1".repeat(56)}`];
    add(driver, first, []);
    assert.equal(resolvedHash(driver, "0123abcd"), first);
    assert.equal(resolvedHash(driver, first), first);
    assert.equal(resolvedHash(driver, "0123abc"), "definition.missing");
    const byHash = driver.query(key, version, { hash: "0123abcd", label: "" });
    assert.ok(!isRefusal(byHash) && byHash.version.hash === first);
    add(driver, second, []);
    assert.equal(resolvedHash(driver, "0123abcd1"), second);
    const ambiguous = driver.query(key, version, { hash: "", label: "0123abcd" });
    assert.ok(isRefusal(ambiguous) && ambiguous.code === "definition.version_ambiguous");
    assert.ok(ambiguous.message.includes(`${first}, ${second}`));
    add(driver, "b", ["0123abcd"]);
    assert.equal(resolvedHash(driver, "0123abcd"), "b");
  });

  it("all versions are archived and restored at once, and only changes are counted", () => {
    const driver = registered();
    add(driver, "b", []);
    assert.deepEqual(driver.execute(key, archive, { hash: "a", restore: false }), { changed: 1 });
    assert.deepEqual(driver.execute(key, archive, { hash: "", restore: false }), { changed: 1 });
    const archived = () => {
      const found = driver.query(key, version, { hash: "a", label: "" });
      return isRefusal(found) ? found : [found.version.archived, found.version.archiveCause !== undefined];
    };
    assert.deepEqual(archived(), [true, true]);
    assert.deepEqual(driver.execute(key, archive, { hash: "", restore: true }), { changed: 2 });
    assert.deepEqual(archived(), [false, false]);
  });
});

describe("a part of new runs", () => {
  const rolled = (driver: MachineDriver, hash: string, percent: number) =>
    driver.execute(key, rollOut, { hash, percent, searchLabels: {} });
  const refusalOf = (found: unknown) => (isRefusal(found) ? found.code : undefined);
  const rollout = (driver: MachineDriver, hash: string) => {
    const found = driver.query(key, version, { hash, label: "" });
    return isRefusal(found) ? undefined : found.rollout;
  };

  it("goes to a new version, and restarts of old and new workers change nothing", () => {
    const driver = registered(["1.0.0"]);
    add(driver, "b", ["2.0.0"], 10);
    rolled(driver, "b", 50);
    const before = driver.history(key).length;
    add(driver, "a", ["1.0.0"], 100);
    add(driver, "b", ["2.0.0"], 10);
    assert.equal(driver.history(key).length, before);
    assert.equal(resolvedHash(driver, "latest"), "a");
    assert.deepEqual(
      [rollout(driver, "a"), rollout(driver, "b")],
      [
        { hash: "b", percent: 50 },
        { hash: "b", percent: 50 },
      ],
    );
  });

  it("a new version with all new runs becomes the latest, and ends another rollout", () => {
    const driver = registered();
    add(driver, "b", [], 10);
    add(driver, "c", [], 100);
    assert.equal(resolvedHash(driver, "latest"), "c");
    assert.equal(rollout(driver, "c"), undefined);
  });

  it("the first version has all new runs", () => {
    const driver = new MachineDriver({ machines: [definition], service: "workflow" });
    add(driver, "a", [], 0);
    assert.equal(resolvedHash(driver, "latest"), "a");
  });

  it("grows to all new runs, and the version becomes the latest", () => {
    const driver = registered();
    add(driver, "b", [], 0);
    assert.equal(rollout(driver, "a"), undefined);
    rolled(driver, "b", 25);
    assert.equal(rollout(driver, "a")?.percent, 25);
    rolled(driver, "b", 100);
    assert.deepEqual([resolvedHash(driver, ""), rollout(driver, "b")], ["b", undefined]);
  });

  it("is withdrawn", () => {
    const driver = registered();
    add(driver, "b", [], 10);
    rolled(driver, "b", 0);
    assert.deepEqual([resolvedHash(driver, ""), rollout(driver, "a")], ["a", undefined]);
    add(driver, "c", [], 10);
    rolled(driver, "a", 100);
    assert.deepEqual([resolvedHash(driver, ""), rollout(driver, "a")], ["a", undefined]);
  });

  it("goes to no archived version, and continues when the version is restored", () => {
    const driver = registered();
    add(driver, "b", [], 50);
    const shares = () => [rollout(driver, "a")?.percent, rollout(driver, "b")?.percent];
    driver.execute(key, archive, { hash: "b", restore: false });
    assert.deepEqual(shares(), [undefined, undefined]);
    driver.execute(key, archive, { hash: "b", restore: true });
    assert.deepEqual(shares(), [50, 50]);
  });

  it("ends when `latest` is pointed to the version", () => {
    const driver = registered();
    add(driver, "b", [], 10);
    driver.execute(key, point, { label: "latest", hash: "b", searchLabels: {} });
    assert.deepEqual([resolvedHash(driver, ""), rollout(driver, "b")], ["b", undefined]);
  });

  it("cannot be set for the latest version or for an unknown version", () => {
    const driver = registered();
    assert.equal(refusalOf(rolled(driver, "a", 40)), "definition.rollout_of_latest");
    assert.equal(refusalOf(rolled(driver, "b", 40)), "definition.missing");
  });

  it("waits while processes of an earlier release run", () => {
    const driver = new MachineDriver({
      ...{ machines: [definition], service: "workflow" },
      behaviours: { definition: 1 },
    });
    add(driver, "a", []);
    add(driver, "b", [], 10);
    assert.equal(rollout(driver, "a"), undefined);
    assert.equal(refusalOf(rolled(driver, "b", 40)), "definition.rollout_pending");
    assert.equal(refusalOf(rolled(driver, "b", 100)), undefined);
    assert.equal(resolvedHash(driver, ""), "b");
  });
});

describe("a version", () => {
  it("names the blobs of its plan, its source and its documentation", () => {
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
