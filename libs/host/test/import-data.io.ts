/** The bank of one process, imported into NATS: its owner there continues with it. */
import assert from "node:assert/strict";
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { plainSearch } from "@tutti/journal/testing";
import { balance } from "@tutti/machine-bank";
import { connectionTo, natsServerProgram, startNatsServer } from "@tutti/nats/testing";
import { ImportedData } from "../src/storage/cluster/import-data.ts";
import { accountKey, BankProcess, createFolder, type Folder, until } from "./storage.fixture.ts";

const program = await natsServerProgram();
const { signal } = new AbortController();
const accounts = Array.from({ length: 12 }, (_, index) => `account-${index}`);
const partitions = "--ownership.partitions=4";
const variants = ["stopped", "killed"] as const;

describe("the data directory of one process, imported into NATS", { skip: program.skip }, () => {
  let folder: Folder;
  const balances = new Map<string, number>();

  before(async () => {
    folder = await createFolder();
    const live = join(folder.path, "live");
    const flags = [partitions, "--durable.limits.indexEveryMs=5", "--durable.limits.tailBytesMax=1"];
    for (const life of [1, 2]) {
      const bank = await BankProcess.start(live, flags);
      for (const [index, id] of accounts.entries()) {
        if (life === 1) await bank.openAccount(id, 100);
        balances.set(id, await bank.deposit(id, index + 1));
      }
      const { archive } = bank.storage;
      const everything = { ...plainSearch, limit: 1_000 };
      await until(async () => (await archive.search(everything)).entries.length === accounts.length);
      await cp(live, join(folder.path, "killed"), { recursive: true, force: true });
      await bank.host.stop();
    }
    await cp(live, join(folder.path, "stopped"), { recursive: true });
  });
  after(() => folder?.[Symbol.asyncDispose]());

  for (const name of variants) {
    it(`has the same data and continues after that process was ${name}`, async () => {
      const directory = join(folder.path, name);
      const configuration = "max_payload: 8MB";
      await using server = await startNatsServer({ jetstream: "sync_interval: always", configuration });
      {
        await using connection = await connectionTo([server.address]);
        const data = await ImportedData.open(directory);
        assert.equal(data.partitions, 4);
        await data.copyTo({ connection, replicas: 1, scratch: join(directory, "scratch") }, signal);
        data.handOver("a cluster");
        data.close();
      }
      const copies = join(folder.path, `copies-${name}`);
      const flags = [
        ...["--mesh.transport=grpc", "--mesh.timeouts.discoveryMs=1", "--ownership.kind=leased"],
        ...[partitions, `--cluster.copies=${copies}`, "--cluster.sparesEveryMs=0"],
        `--nats.servers=${server.address}`,
      ];
      for (const life of [1, 2]) {
        await using bank = await BankProcess.start(join(folder.path, "unused"), flags);
        for (const id of accounts) {
          const question = { key: accountKey(id), query: balance, body: undefined };
          const { balanceCents } = await bank.storage.runtime.query(question);
          assert.equal(balanceCents, (balances.get(id) ?? 0) + life - 1, id);
          await bank.deposit(id, 1);
        }
        const { entries } = await bank.storage.archive.search({ ...plainSearch, limit: 1_000 });
        assert.equal(entries.length, accounts.length);
        // Nothing on the disk of a process is needed.
        if (life === 1) await rm(copies, { recursive: true, force: true });
      }
    });
  }
});
