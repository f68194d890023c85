import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RemovalCause } from "@tutti/contracts/registry/v1";
import fc from "fast-check";
import { at, instance, notReady, offer } from "../../test/fixtures.ts";
import { Directory } from "./directory.ts";
import type { Step } from "./entry.ts";

const removal = { cause: RemovalCause.REMOVAL_CAUSE_DEREGISTERED, reason: "drained" };

function directoryOf(...steps: readonly Step[]): Directory {
  const directory = new Directory({ history: "history-1", historyMax: 100, latenessMs: 0 });
  for (const step of steps) directory.apply(step, at(0));
  return directory;
}

const put = (revision: number, ...args: Parameters<typeof instance>): Step => ({
  revision,
  put: { instance: instance(...args), leaseMs: 10_000 },
});
const removed = (revision: number, instanceId: string): Step => ({
  revision,
  removed: { instanceId, ...removal },
});

describe("Directory", () => {
  it("ignores a step that is not newer than the known one", () => {
    const directory = directoryOf(put(5, "a", { version: "2.0.0" }));
    assert.equal(directory.apply(put(5, "a", { version: "1.0.0" }), at(0)), false);
    assert.equal(directory.apply(put(4, "b"), at(0)), false);
    assert.equal(directory.get("a")?.version, "2.0.0");
    assert.equal(directory.size, 1);
  });

  it("moves an instance that registers again under another service", () => {
    const directory = directoryOf(put(1, "a", { service: "swarm" }), put(2, "a", { service: "workflow" }));
    assert.deepEqual(directory.services(), ["workflow"]);
    assert.deepEqual([...directory.instances("swarm")], []);
  });

  it("stores the load of a renewal without a new revision", () => {
    const directory = directoryOf(put(1, "a"));
    assert.ok(
      directory.renew("a", { load: { inFlight: 3, queued: 0, utilization: 0.5 }, host: undefined }, at(700)),
    );
    assert.equal(directory.revision, 1);
    assert.equal(directory.get("a")?.load?.inFlight, 3);
    assert.deepEqual(directory.get("a")?.renewTime, { seconds: 1_000, nanos: 700_000_000 });
  });

  it("rejects the renewal of a removed instance", () => {
    const directory = directoryOf(put(1, "a"), removed(2, "a"));
    assert.equal(directory.renew("a", { load: undefined, host: undefined }, at(1)), false);
  });

  it("calls a lease expired only when more than the lease has passed since the last renewal", () => {
    const directory = directoryOf(put(1, "a"));
    directory.renew("a", { load: undefined, host: undefined }, at(4_000));
    assert.deepEqual(directory.expired(at(14_000)), []);
    assert.deepEqual(directory.expired(at(14_001)), ["a"]);
    const farewell = directory.expiry("a", at(14_001));
    assert.equal(farewell?.instanceId, "a");
    assert.equal(farewell?.cause, RemovalCause.REMOVAL_CAUSE_LEASE_EXPIRED);
    assert.equal(farewell?.reason, "not renewed for 10 s, its lease is 10 s");
  });

  it("waits for late renewals before it calls a lease expired", () => {
    const directory = new Directory({ history: "history-1", historyMax: 100, latenessMs: 3_000 });
    directory.apply(put(1, "a"), at(0));
    assert.deepEqual(directory.expired(at(13_000)), []);
    assert.deepEqual(directory.expired(at(13_001)), ["a"]);
  });

  it("dates an entry by its own clock, and ignores times of the instance", () => {
    const directory = directoryOf();
    directory.apply(put(1, "a", { renewTime: { seconds: 7, nanos: 0 } }), at(500));
    const [change] = directory.changesAfter(0) ?? [];
    const renewTime = { seconds: 1_000, nanos: 500_000_000 };
    assert.deepEqual(change?.what?.$case === "put" && change.what.value.renewTime, renewTime);
    assert.deepEqual(directory.get("a")?.renewTime, renewTime);
  });

  it("gives all instances a full lease again after `pardonAll`", () => {
    const directory = directoryOf(put(1, "a"));
    directory.renewAll(at(60_000));
    assert.deepEqual(directory.expired(at(70_000)), []);
  });

  it("stores the changes after its load, and none before", () => {
    const directory = directoryOf(put(3, "a"), put(7, "b"));
    directory.loaded();
    directory.apply(put(9, "c"), at(0));
    assert.equal(directory.changesAfter(6), undefined);
    assert.deepEqual(
      directory.changesAfter(7)?.map(({ revision }) => revision),
      [9],
    );
    assert.deepEqual(directory.changesAfter(9), []);
    assert.equal(
      directory.changesAfter(10),
      undefined,
      "a revision from the future is not from this history",
    );
  });

  it("gives a watcher that resumes anywhere the same entries as a watcher of all changes", () => {
    const steps = fc.array(
      fc.record({ id: fc.constantFrom("a", "b", "c", "d"), gone: fc.boolean(), version: fc.nat(3) }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, fc.nat(60), fc.integer({ min: 1, max: 20 }), (list, resumeAt, historyMax) => {
        const directory = new Directory({ history: "history-1", historyMax, latenessMs: 0 });
        const picture = new Map<string, string>();
        let knownRevision = 0;
        list.forEach((step, index) => {
          const revision = (index + 1) * 2;
          directory.apply(
            step.gone
              ? removed(revision, step.id)
              : put(revision, step.id, { version: `1.0.${step.version}` }),
            at(0),
          );
          if (index + 1 !== resumeAt) return;
          knownRevision = revision;
          for (const entry of directory.instances()) picture.set(entry.id, entry.version);
        });
        const missed = directory.changesAfter(knownRevision);
        if (missed === undefined) return;
        for (const { what } of missed) {
          if (what?.$case === "put") picture.set(what.value.id, what.value.version);
          if (what?.$case === "removed") picture.delete(what.value.instanceId);
        }
        const truth = new Map([...directory.instances()].map((entry) => [entry.id, entry.version]));
        assert.deepEqual([...picture].sort(), [...truth].sort());
      }),
    );
  });
});

describe("OfferIndex", () => {
  const shop = directoryOf(
    put(1, "old", { offers: [offer("pay.charge@1.9.0"), offer("pay.refund@1.0.0")] }),
    put(2, "busy", { offers: [offer("pay.charge@2.1.0", 3)], labels: { zone: "a" } }),
    put(3, "idle", { offers: [offer("pay.charge@2.1.0", 4)], labels: { zone: "b" } }),
    put(4, "broken", { offers: [offer("pay.charge@2.1.0")], health: notReady }),
    put(5, "newest", { offers: [offer("pay.charge@2.10.0")] }),
    put(6, "other", { offers: [offer("shop-b/pay.charge@2.0.0")] }),
  );
  shop.renew("busy", { load: { inFlight: 9, queued: 0, utilization: 0.9 }, host: undefined }, at(0));

  const find = (versionRange: string, namespace = "") =>
    shop.offers
      .find({ namespace, name: "pay.charge", versionRange })
      .map(({ capability, providers }) => [
        capability?.version,
        providers.map(({ instanceId }) => instanceId),
      ]);

  it("finds the providers of pay.charge@^2, newest version first, and ready and idle ones first in each", () => {
    assert.deepEqual(find("^2"), [
      ["2.10.0", ["newest"]],
      ["2.1.0", ["idle", "busy", "broken"]],
    ]);
  });

  it("returns load and cost of the providers", () => {
    const [, second] = shop.offers.find({ namespace: "", name: "pay.charge", versionRange: "^2" });
    const busy = second?.providers.find(({ instanceId }) => instanceId === "busy");
    assert.equal(busy?.load?.inFlight, 9);
    assert.equal(busy?.cost?.money, 3);
  });

  it("keeps namespaces apart", () => {
    assert.deepEqual(find("*", "shop-b"), [["2.0.0", ["other"]]]);
    assert.deepEqual(find("", "nowhere"), []);
  });

  it("answers any version when no range is named", () => {
    assert.deepEqual(
      find("").map(([version]) => version),
      ["2.10.0", "2.1.0", "1.9.0"],
    );
  });

  it("filters by labels too", () => {
    const labels = { equals: { zone: "b" }, exists: [], absent: [] };
    const [version] = shop.offers.find({ namespace: "", name: "pay.charge", versionRange: "^2", labels });
    assert.deepEqual(
      version?.providers.map(({ instanceId }) => instanceId),
      ["idle"],
    );
  });

  it("counts an instance once that offers the same version twice, by its last word", () => {
    const offers = [offer("x@1.0.0", 1), offer("x@1.1.0"), offer("x@1.0.0", 2)];
    const versions = directoryOf(put(1, "a", { offers })).offers.find({
      namespace: "",
      name: "x",
      versionRange: "",
    });
    assert.deepEqual(
      versions.map(({ capability, providersTotal, providers }) => [
        capability?.version,
        providersTotal,
        providers[0]?.cost?.money,
      ]),
      [
        ["1.1.0", 1, 0],
        ["1.0.0", 1, 2],
      ],
    );
  });

  it("forgets the offers of an instance that was removed or changed its offers", () => {
    const directory = directoryOf(
      put(1, "a", { offers: [offer("x@1.0.0"), offer("y@1.0.0")] }),
      put(2, "a", { offers: [offer("y@1.1.0")] }),
    );
    assert.deepEqual(directory.offers.names("", ""), ["y"]);
    directory.apply(removed(3, "a"), at(0));
    assert.deepEqual(directory.offers.names("", ""), []);
  });
});
