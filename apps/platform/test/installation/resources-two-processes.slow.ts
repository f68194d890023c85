/** Two processes share locks, quotas and reservations over NATS. The one that has them is killed with -9: the other goes on with them. */
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "@tutti/kernel/testing";
import { type NatsServer, natsServerProgram } from "@tutti/nats/testing";
import { Client } from "@tutti/rest/client";
import { Worker } from "@tutti/sdk";
import { connect } from "@tutti/sdk/client";
import { joinPlatform, partitions, startSharedServer } from "../support/cluster.ts";
import { insist } from "../support/killed.ts";
import { type Folder, makeFolder, type Service } from "../support/services.ts";

const program = await natsServerProgram();
/** Over all partitions. */
const names = Array.from({ length: 8 }, (_, number) => `door-${number}`);
const visitors = ["bea", "cleo"] as const;
const leaseMs = 600_000;
const waitMs = 60_000;
const count = 40;

describe("what two processes share over NATS", { skip: program.skip }, () => {
  let server: NatsServer;
  let folder: Folder;
  let first: Service;
  const processes: Service[] = [];

  before(async () => {
    server = await startSharedServer();
  });
  after(() => server[Symbol.asyncDispose]());
  beforeEach(async () => {
    folder = await makeFolder();
    first = await join("first");
  });
  afterEach(async () => {
    for (const process of processes.splice(0)) await process[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  async function join(name: string): Promise<Service> {
    const joined = await joinPlatform(server, folder, name);
    processes.push(joined);
    return joined;
  }

  const ownedBy = ({ lines }: Service) =>
    lines.filter(({ msg, service_ }) => msg === "a partition is owned here" && service_ === "master").length;

  it("locks are held on under their tokens, their lines go on, and who lost one is fenced off", async () => {
    await until("all partitions", () => ownedBy(first) === partitions);
    const early = new Client({ url: first.http });
    const held = new Map<string, number>();
    for (const name of names) {
      const body = { holder: "ada", leaseMs };
      const { token } = await early.call("locks.acquire", { params: { name }, body });
      held.set(name, token ?? 0);
    }
    const second = await join("second");
    const late = new Client({ url: second.http });
    const inside = new Map<string, string>(names.map((name) => [name, "ada"]));
    const tokens = new Map<string, number[]>(names.map((name) => [name, [held.get(name) ?? 0]]));
    const visits = names.flatMap((name) =>
      visitors.map(async (holder) => {
        const body = { holder, leaseMs, waitMs };
        const { token } = await insist(() =>
          late.call("locks.acquire", { params: { name }, body, timeoutMs: 2 * waitMs }),
        );
        assert.equal(inside.get(name), undefined, `${holder} is alone behind ${name}`);
        inside.set(name, holder);
        tokens.get(name)?.push(token ?? 0);
        await pause(20);
        inside.delete(name);
        await insist(() => late.call("locks.release", { params: { name }, body: { holder } }));
      }),
    );
    for (const name of names)
      await until(`both wait for ${name}`, async () => {
        const { waiting } = await insist(() => late.call("locks.get", { params: { name } }));
        return waiting === visitors.length;
      });

    await first.kill();
    for (const name of names) {
      const { grants } = await insist(() => late.call("locks.get", { params: { name } }));
      assert.deepEqual(
        grants.map(({ holder, token }) => [holder, token]),
        [["ada", held.get(name)]],
        `${name} is held as it was`,
      );
    }
    for (const name of names) {
      inside.delete(name);
      await insist(() => late.call("locks.release", { params: { name }, body: { holder: "ada" } }));
    }
    await Promise.all(visits);
    for (const [name, given] of tokens) {
      assert.equal(given.length, 1 + visitors.length);
      for (const [at, token] of given.entries())
        assert.ok(at === 0 || token > (given[at - 1] ?? 0), `tokens of ${name} grow, found ${given}`);
    }
    const renewals = names.map((name) => ({ name, holder: "ada", token: held.get(name) ?? 0 }));
    const { receipts } = await insist(() => late.call("locks.renew", { body: { renewals } }));
    assert.deepEqual(
      receipts.map(({ expireTimeMs }) => expireTimeMs),
      names.map(() => undefined),
      "who lost a lock is told so",
    );
  });

  it("quotas and reservations are kept to, whoever owns the ledger", async () => {
    await until("all partitions", () => ownedBy(first) === partitions);
    const early = new Client({ url: first.http });
    const second = await join("second");
    const late = new Client({ url: second.http });
    let done = 0;
    let atWork = 0;
    let most = 0;
    const worker = new Worker({
      ...{ address: second.grpc, agentId: "anna", slots: 8, handleSignals: false },
      resources: { licence: 4 },
    });
    worker.handle("model.train", async () => {
      atWork++;
      most = Math.max(most, atWork);
      await pause(30);
      atWork--;
      done++;
    });
    await worker.start();
    await using tutti = await connect({ address: second.grpc });
    try {
      const hasLicences = async () =>
        (await early.call("resources.list")).resources.some(({ name }) => name === "licence");
      await until("the agent", hasLicences);
      const limits = { licence: 2 };
      await early.call("quotas.set", { params: { quota: "default" }, body: { quotaId: "default", limits } });
      const nowMs = Date.now();
      const span = { fromMs: nowMs, toMs: nowMs + 3_600_000 };
      const reservation = { reservationId: "kept", amounts: { licence: 1 }, span };
      await early.call("reservations.create", { body: reservation });
      const used = async () => (await late.call("quotas.get", { params: { quota: "default" } })).used;
      await until("the pool to know of the quota", async () => "licence" in ((await used()) ?? {}));
      const tasks = Array.from({ length: count }, (_, n) => ({
        ...{ id: `t${n}`, uses: "model.train", resources: { licence: 1 } },
      }));
      const sessions = [
        await tutti.execute({ id: "heavy", tasks, mode: "workflow", weight: 3 }),
        await tutti.execute({ id: "light", tasks, mode: "swarm" }),
      ];
      await until("some to have ended", () => done >= count / 2);
      await first.kill();
      for (const session of sessions) await insist(() => session.result());
      assert.equal(most, 2, "what the quota allows, also while the ledger went from one to the other");
      const { limits: kept } = await insist(() => late.call("quotas.get", { params: { quota: "default" } }));
      assert.deepEqual(kept, limits);
      const { reservations } = await insist(() => late.call("reservations.list"));
      assert.deepEqual(
        reservations.map(({ reservationId }) => reservationId),
        ["kept"],
      );
      const beyond = { body: { ...reservation, reservationId: "second", amounts: { licence: 4 } } };
      await assert.rejects(
        insist(() => late.call("reservations.create", beyond)),
        /kept holds 1 until /,
      );
    } finally {
      await worker.stop();
    }
  });
});
