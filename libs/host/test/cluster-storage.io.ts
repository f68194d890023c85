/** Processes that store the bank in NATS, as hosts in this process: their checks, reports and ends. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type HealthReport, memorySources, type Readiness } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { account, balance, deposit, open } from "@tutti/machine-bank";
import { connectionTo, type NatsServer, natsServerProgram, startNatsServer } from "@tutti/nats/testing";
import { ServiceHost, type ServiceModule, type ServiceStorage } from "../src/index.ts";
import { fetchJson } from "./fixture.ts";
import { accountKey, teller } from "./storage.fixture.ts";

const program = await natsServerProgram();
const ids = Array.from({ length: 16 }, (_, index) => `account-${index}`);

/** Each test has an account, and therefore its own streams. */
const configuration = (more = ""): string => `max_payload: 8MB
system_account: SYS
accounts {
  SYS { users: [{ user: system, password: p }] }
  ${Array.from({ length: 10 }, (_, index) => `A${index} { jetstream: enabled, users: [{ user: u${index}, password: p }] }`).join("\n  ")}
}
${more}`;

interface Member extends AsyncDisposable {
  readonly host: ServiceHost;
  readonly storage: ServiceStorage;
  openAccounts(): Promise<void>;
  deposit(id: string): Promise<number>;
  balance(id: string): Promise<number>;
}

describe("a process that shares its machines with others", { skip: program.skip, concurrency: false }, () => {
  let server: NatsServer;
  let copies: string;
  let users = 0;

  before(async () => {
    server = await startNatsServer({
      jetstream: "sync_interval: always",
      configuration: configuration(),
    });
    copies = await mkdtemp(join(tmpdir(), "tutti-copies-"));
  });
  after(async () => {
    await server?.[Symbol.asyncDispose]();
    await rm(copies, { recursive: true, force: true });
  });

  async function openMember(
    user: string,
    flags: readonly string[] = [],
    { address } = server,
  ): Promise<Member> {
    let storage: ServiceStorage | undefined;
    const bank: ServiceModule = {
      name: "bank",
      sections: [],
      machines: [account],
      create(context) {
        storage = context.storage({ dispatch() {}, withdraw() {} });
        return {};
      },
    };
    const usual = [
      ...["--operations.port=0", "--mesh.listen=127.0.0.1:0", "--mesh.transport=grpc", "--log.level=fatal"],
      ...["--ownership.kind=leased", "--ownership.partitions=4", "--mesh.timeouts.discoveryMs=1"],
      ...[`--nats.servers=${address}`, `--nats.user=${user}`, "--nats.password=env:P"],
      ...["--nats.requestTimeoutMs=500", `--cluster.copies=${copies}`],
    ];
    const sources = memorySources({ arguments: [...usual, ...flags], environment: { P: "p" } });
    const host = await ServiceHost.open({ name: "test", version: "1.2.3", services: [bank], sources });
    if (storage === undefined) throw new Error("expected the bank to have been given its storage");
    const { runtime } = storage;
    return {
      ...{ host, storage },
      async openAccounts() {
        const body = { owner: "somebody", product: "", balanceCents: 10 };
        const openAccount = (id: string) =>
          runtime.execute({ key: accountKey(id), command: open, body, cause: teller });
        await Promise.all(ids.map(openAccount));
      },
      async deposit(id) {
        const body = { amountCents: 1 };
        const key = accountKey(id);
        return (await runtime.execute({ key, command: deposit, body, cause: teller })).balanceCents;
      },
      async balance(id) {
        return (await runtime.query({ key: accountKey(id), query: balance, body: undefined })).balanceCents;
      },
      [Symbol.asyncDispose]: () => host.stop(),
    };
  }

  async function start(...args: Parameters<typeof openMember>): Promise<Member> {
    const member = await openMember(...args);
    await member.host.start();
    return member;
  }

  const nextUser = () => `u${users++}`;
  const ownedBy = ({ storage }: Member): number[] =>
    storage.runtime.partitionStatuses().map(({ partition }) => partition);
  it("is ready when it owns all free partitions, and lists them", async () => {
    await using one = await start(nextUser());
    assert.deepEqual(ownedBy(one), [0, 1, 2, 3]);
    assert.ok(one.storage.runtime.partitionStatuses().every(({ state }) => state === "running"));
    const [status] = await fetchJson<Readiness>(one.host, "/readyz");
    assert.equal(status, 200);
    await one.openAccounts();
    const metrics = await (await fetch(`${one.host.url}/metrics`)).text();
    assert.match(metrics, /tutti_ownership_partitions\{.*service="bank".*\} 4/);
    assert.match(metrics, /tutti_journal_batches_total(\{.*\})? [1-9]/);
    assert.deepEqual(await readdir(copies), ["1"]);
  });

  it("hands over its partitions with all their data when it leaves", async () => {
    const user = nextUser();
    const one = await start(user);
    await one.openAccounts();
    assert.equal(await one.deposit("account-1"), 11);
    await using two = await start(user);
    // On one disk each has a separate place.
    assert.deepEqual((await readdir(copies)).sort(), ["1", "2"]);
    await until("two partitions", () => ownedBy(two).length === 2);
    await one.host.stop();
    await until("all partitions", () => ownedBy(two).length === 4);
    assert.deepEqual(ownedBy(two), [0, 1, 2, 3]);
    const balances = await Promise.all(ids.map((id) => two.balance(id)));
    assert.deepEqual(
      balances,
      ids.map((id) => (id === "account-1" ? 11 : 10)),
    );
  });

  it("keeps spare copies of another process's partitions, and serves from them after that process stops", async () => {
    // Removes the data of earlier tests.
    await rm(copies, { recursive: true });
    const user = nextUser();
    const flags = ["--cluster.sparesEveryMs=100", "--durable.limits.indexEveryMs=20"];
    await using one = await start(user, flags);
    await one.openAccounts();
    await using two = await start(user, flags);
    await until("two partitions", () => ownedBy(two).length === 2);
    const files = async (): Promise<string[]> => {
      const places = await readdir(copies);
      const all = await Promise.all(
        places.map((place) => readdir(join(copies, place, "bank")).catch(() => [])),
      );
      return all.flatMap((names, index) => names.map((name) => `${places[index]}/${name}`));
    };
    // Both have copies of all partitions, though each owns only two.
    for (const place of ["1", "2"]) {
      for (const partition of [0, 1, 2, 3]) {
        await until("its archive", async () => (await files()).includes(`${place}/${partition}.db`));
      }
    }
    await one.host.stop();
    await until("all partitions", () => ownedBy(two).length === 4);
    const balances = await Promise.all(ids.map((id) => two.balance(id)));
    assert.ok(balances.every((cents) => cents === 10));
  });

  it("has all its data after a restart", async () => {
    const user = nextUser();
    {
      await using one = await start(user);
      await one.openAccounts();
    }
    await using one = await start(user);
    const balances = await Promise.all(ids.map((id) => one.balance(id)));
    assert.ok(balances.every((cents) => cents === 10));
  });

  it("isolates a partition whose stream has lost data, reports it, and serves the others", async () => {
    const user = nextUser();
    await using one = await start(user);
    await one.openAccounts();
    const { runtime } = one.storage;
    const partition = runtime.partitionOf(accountKey("account-0"));
    const credentials = { kind: "password", user, password: () => "p" } as const;
    await using connection = await connectionTo([server.address], { settings: { credentials } });
    const { streams } = await connection.manager("test");
    const name = `TUTTI_JOURNAL_bank_${partition}`;
    const { config } = await streams.info(name);
    await streams.delete(name);
    await streams.add(config);
    await one.deposit("account-0").then(
      () => assert.fail("nothing can be durable there"),
      () => undefined,
    );
    const stateOf = () => runtime.partitionStatuses().find((status) => status.partition === partition)?.state;
    await until("its failure", () => stateOf() === "failed");
    await assert.rejects(one.deposit("account-0"), {
      code: "runtime.failed",
      message: /damaged at stream TUTTI_JOURNAL_bank_\d.*the server lost what it acknowledged/,
    });
    await until("its health to say so", async () => {
      const { components } = (await one.host.health()) as HealthReport;
      const { level, reason } = components["data"] ?? { level: "healthy", reason: "" };
      return level === "degraded" && reason.includes(`bank/${partition}`);
    });
    const [status] = await fetchJson<Readiness>(one.host, "/readyz");
    assert.equal(status, 200, "it serves the others");
    const other = ids.find((id) => runtime.partitionOf(accountKey(id)) !== partition) ?? "";
    assert.equal(await one.deposit(other), 11);
  });

  it("rejects servers without the required guarantees before it owns a partition", async () => {
    const more = await openMember(nextUser(), ["--cluster.replicas=3"]);
    await assert.rejects(more.host.start(), /cannot hold 3 replicas: .*a single server/);
    await using small = await startNatsServer({ configuration: "max_payload: 1MB" });
    const nobody = await openMember("", ["--nats.user=x"], small);
    await assert.rejects(
      nobody.host.start(),
      /`max_payload` of .* the journal needs 8388608 bytes\. Set `max_payload: 8MB`/,
    );
    await using lazy = await startNatsServer({ configuration: configuration() });
    const system = ["--cluster.system.user=system", "--cluster.system.password=env:P"];
    const unsure = await openMember("u0", system, lazy);
    await assert.rejects(unsure.host.start(), /`sync_interval` is not always\. Set .*, or use 3 replicas/);
    await using sure = await start(nextUser(), system);
    assert.equal(ownedBy(sure).length, 4);
  });

  it("rejects a number of partitions that differs from the cluster's", async () => {
    const user = nextUser();
    await (await start(user)).host.stop();
    const other = await openMember(user, ["--ownership.partitions=8"]);
    await assert.rejects(
      other.host.start(),
      /has 4 partitions of .*, and the configuration has 8|`ownership\.partitions` is 8, and the cluster has 4/,
    );
  });
});
