import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  GetHistoryRequest,
  GetStateRequest,
  ListMachinesRequest,
  ListPartitionsRequest,
  ListQuarantinedRequest,
  ReadJournalRequest,
  RepairAction,
  RepairQuarantinedRequest,
  runtimeService,
  WatchHistoryRequest,
} from "@tutti/contracts/runtime/v1";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { type Machine, memorySources } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { account, balance, close, deposit, transfer, withdraw } from "@tutti/machine-bank";
import { ServiceHost } from "../src/index.ts";
import { serviceOf } from "./fixture.ts";
import { accountKey, BankProcess, createFolder, teller } from "./storage.fixture.ts";

const inBank = { service: "bank" };

describe("a process that stores machines", () => {
  it("has the same state after a restart, in a directory that records how it was created", async () => {
    await using folder = await createFolder();
    {
      await using bank = await BankProcess.start(folder.path);
      await bank.openAccount("anna", 100);
      await bank.openAccount("ben", 0);
      const { runtime } = bank.storage;
      await runtime.execute({
        ...{ key: accountKey("anna"), command: transfer, cause: teller },
        body: { to: "ben", amountCents: 40 },
      });
      const readBalance = () => runtime.query({ key: accountKey("ben"), query: balance, body: undefined });
      await until("the transfer", readBalance, ({ balanceCents }) => balanceCents === 40);
    }
    const { partitions, release, format } = JSON.parse(
      await readFile(join(folder.path, "data.json"), "utf8"),
    );
    assert.deepEqual({ partitions, release, format }, { partitions: 16, release: "1.2.3", format: 2 });
    assert.deepEqual((await readdir(folder.path)).sort(), [
      "archive",
      "blobs",
      "data.json",
      "journal",
      "lock",
      "made",
    ]);
    await using bank = await BankProcess.start(folder.path);
    assert.equal(await bank.deposit("anna", 1), 61);
    assert.equal(await bank.deposit("ben", 1), 41);
  });

  it("is not ready if an archive is damaged, and names the archive", async () => {
    await using folder = await createFolder();
    {
      await using bank = await BankProcess.start(folder.path);
      await bank.openAccount("anna", 100);
    }
    const file = join(folder.path, "archive", "bank", "archive.db");
    const content = await readFile(file);
    const end = content.findLastIndex((byte) => byte !== 0);
    await writeFile(file, content.with(end, (content[end] ?? 0) ^ 0x11));
    await using bank = await BankProcess.start(folder.path);
    const { ready, problems } = await bank.host.readiness();
    assert.equal(ready, false);
    assert.match(
      problems[0]?.reason ?? "",
      /archive\.db[\s\S]* Restore a backup, and run tutti doctor for details/,
    );
  });

  it("is ready over a missing archive once all that the journal has is listed again", async () => {
    await using folder = await createFolder();
    const names = Array.from({ length: 60 }, (_, number) => `account-${number}`);
    {
      await using bank = await BankProcess.start(folder.path);
      await Promise.all(names.map((name) => bank.openAccount(name, 100)));
    }
    await rm(join(folder.path, "archive"), { recursive: true });
    await using bank = await BankProcess.start(folder.path);
    const request = ListMachinesRequest.fromPartial({ page: { size: 100 } });
    const { machines } = await bank.host.mesh.client(runtimeService, inBank).listMachines(request);
    assert.equal(machines.length, names.length);
  });

  it("rejects a number of partitions that differs from its directory's", async () => {
    await using folder = await createFolder();
    await (await BankProcess.start(folder.path)).host.stop();
    const bank = await BankProcess.open(folder.path, ["--ownership.partitions=8"]);
    await assert.rejects(bank.host.start(), (error: Error) => {
      assert.match(
        error.message,
        /The data directory .* has 16 partitions, and the configuration has 8\. Set `ownership\.partitions`/,
      );
      return true;
    });
    // All resources are released.
    await (await BankProcess.start(folder.path)).host.stop();
  });

  it("rejects a directory of a newer release, and one whose data.json is missing or damaged", async () => {
    await using folder = await createFolder();
    await (await BankProcess.start(folder.path)).host.stop();
    const about = join(folder.path, "data.json");
    const stored = JSON.parse(await readFile(about, "utf8"));
    await writeFile(about, JSON.stringify({ ...stored, format: 9, release: "7.0.0" }));
    const start = async () => (await BankProcess.open(folder.path)).host.start();
    await assert.rejects(
      start(),
      /has format 9 of release 7\.0\.0, and this release reads format 2\. Use that release/,
    );
    await rm(about);
    await assert.rejects(
      start(),
      /is incomplete: it has a journal but no data\.json\. If it is a copy, create it again/,
    );
    await writeFile(about, "{");
    await assert.rejects(start(), /data\.json is damaged\. Restore it from a backup of this directory/);
  });

  it("requires a data directory for machines of its own", async () => {
    const bank = { ...serviceOf("bank"), machines: [account] };
    const sources = memorySources({ arguments: [] });
    const opened = ServiceHost.open({ name: "test", version: "1.2.3", services: [bank], sources });
    await assert.rejects(opened, { code: "host.no_data_directory" });
  });

  it("removes ended machines after their retention time", async () => {
    await using folder = await createFolder();
    await using bank = await BankProcess.start(folder.path, [
      ...["--durable.retention.keepMs=0", "--durable.purgeMs=10", "--durable.limits.tailBytesMax=1"],
      ...["--durable.limits.indexEveryMs=5", "--durable.limits.idleMs=0"],
    ]);
    await bank.openAccount("anna", 0);
    const { runtime, archive } = bank.storage;
    await runtime.execute({ key: accountKey("anna"), command: close, body: {}, cause: teller });
    const client = bank.host.mesh.client(runtimeService, inBank);
    const list = async () => (await client.listMachines(ListMachinesRequest.create())).machines.length;
    const read = () => runtime.history(accountKey("anna"), 0, 10);
    for (let rounds = 0; rounds < 400; rounds++) {
      const isRemoved =
        (await list()) === 0 &&
        (await read().then(
          () => false,
          () => true,
        ));
      if (isRemoved) break;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await assert.rejects(read(), { code: "runtime.unknown_instance" });
    assert.ok(archive);
  });

  it("reports metrics and health", async () => {
    await using folder = await createFolder();
    await using bank = await BankProcess.start(folder.path, ["--durable.freeBytesMin=9007199254740991"]);
    await bank.openAccount("anna", 100);
    const metrics = async () => (await fetch(`${bank.host.url}/metrics`)).text();
    let text = await metrics();
    for (let rounds = 0; rounds < 400 && !text.includes("tutti_runtime_partitions_running"); rounds++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      text = await metrics();
    }
    for (const name of ["tutti_journal_groups_total", "tutti_journal_size_bytes"]) {
      assert.match(text, new RegExp(`^${name} [1-9]`, "m"));
    }
    assert.match(text, /^tutti_runtime_archive_bytes\{service="bank"\}/m);
    assert.match(text, /^tutti_journal_group_batches_bucket/m);
    const health = bank.host.status().health;
    assert.ok(health);
  });
});

for (const transport of ["in-process", "grpc"]) {
  describe(`the runtime's contract, ${transport}`, () => {
    const flags = [`--mesh.transport=${transport}`, "--durable.limits.indexEveryMs=5"];

    it("reads histories, states, lists and journals", async () => {
      await using folder = await createFolder();
      await using bank = await BankProcess.start(folder.path, flags);
      await bank.openAccount("anna", 100);
      for (let count = 1; count <= 5; count++) await bank.deposit("anna", count);
      const client = bank.host.mesh.client(runtimeService, inBank);
      const anna = { kind: "account", id: "anna" };

      const page = await client.getHistory(
        GetHistoryRequest.fromPartial({ ...anna, withJson: true, page: { size: 4 } }),
      );
      assert.deepEqual(
        page.events.map(({ event, type }) => [event, type]),
        [[1, "account_opened"], ...[2, 3, 4].map((event) => [event, "money_deposited"])],
      );
      assert.match(page.events[1]?.json ?? "", /"amountCents":1\b/);
      assert.equal(page.events[1]?.cause?.actor?.id, "teller");
      const token = page.page?.nextToken ?? "";
      const rest = await client.getHistory(GetHistoryRequest.fromPartial({ ...anna, page: { token } }));
      assert.deepEqual([rest.events.map(({ event }) => event), rest.page?.nextToken], [[5, 6], ""]);
      await assert.rejects(
        client.getHistory(GetHistoryRequest.fromPartial({ ...anna, page: { token: "x" } })),
        { status: "INVALID_ARGUMENT" },
      );
      await assert.rejects(client.getHistory(GetHistoryRequest.fromPartial({ ...anna, id: "nobody" })), {
        code: "runtime.unknown_instance",
      });

      const then = await client.getState(GetStateRequest.fromPartial({ ...anna, event: 2 }));
      const now = await client.getState(GetStateRequest.fromPartial(anna));
      assert.deepEqual(
        [then, now].map(({ event, json }) => [event, JSON.parse(json).balanceCents]),
        [
          [2, 101],
          [6, 115],
        ],
      );

      const list = () => client.listMachines(ListMachinesRequest.fromPartial({ kinds: ["account"] }));
      let listed = await list();
      while (listed.machines.length === 0) listed = await list();
      assert.deepEqual(listed.machines[0]?.reference, { namespace: "default", ...anna, task: "" });
      assert.equal(listed.machines[0]?.startedBy?.id, "teller");
      assert.ok((listed.indexedTo?.seconds ?? 0) > 1e9);

      const { partitions } = await client.listPartitions(ListPartitionsRequest.create());
      const owner = bank.storage.runtime.partitionOf(accountKey("anna"));
      const { head = 0, headHash } = partitions.find(({ partition }) => partition === owner) ?? {};
      const hashes: string[] = [];
      for await (const { batches } of client.readJournal(
        ReadJournalRequest.fromPartial({ partition: owner }),
      )) {
        for (const batch of batches) hashes.push(createHash("sha256").update(batch).digest("hex"));
      }
      assert.equal(hashes.length, head);
      assert.equal(hashes.at(-1), Buffer.from(headHash ?? []).toString("hex"));
      await assert.rejects(client.readJournal(ReadJournalRequest.fromPartial({ partition: 99 })).next(), {
        code: "host.no_such_partition",
      });
    });

    it("streams the history of a machine to its end, and a journal without end", async () => {
      await using folder = await createFolder();
      await using bank = await BankProcess.start(folder.path, flags);
      await bank.openAccount("anna", 1);
      const client = bank.host.mesh.client(runtimeService, inBank);
      const watch = client.watchHistory(WatchHistoryRequest.fromPartial({ kind: "account", id: "anna" }));
      const received: number[] = [];
      const key = accountKey("anna");
      const { runtime } = bank.storage;
      for await (const { events, last } of watch) {
        received.push(...events.map(({ event }) => event));
        if (events.at(-1)?.event === 1) await bank.deposit("anna", 1);
        if (events.at(-1)?.event === 2) {
          await runtime.execute({ key, command: withdraw, body: { amountCents: 2 }, cause: teller });
          await runtime.execute({ key, command: close, body: {}, cause: teller });
        }
        if (last) break;
      }
      assert.deepEqual(received, [1, 2, 3, 4]);
      const partition = runtime.partitionOf(key);
      const follow = client.readJournal(ReadJournalRequest.fromPartial({ partition, follow: true }));
      const first = await follow.next();
      const count = first.value?.batches.length ?? 0;
      await runtime
        .execute({ key: accountKey("anna"), command: deposit, body: { amountCents: 1 }, cause: teller })
        .catch(() => {});
      const other = [..."abcdefghijklmnopqrstuvwxyz"].find(
        (id) => runtime.partitionOf(accountKey(id)) === partition,
      );
      if (other !== undefined) {
        await bank.openAccount(other, 1);
        const { value } = await follow.next();
        assert.ok((value?.batches.length ?? 0) > 0 && count > 0);
      }
      await follow.return();
    });

    it("lists machines whose code fails, and resumes each of them once per key", async () => {
      await using folder = await createFolder();
      let isBroken = true;
      const broken: Machine<unknown> = {
        ...(account as Machine<unknown>),
        commands: account.commands.map((command) =>
          command.type !== deposit.type
            ? command
            : {
                ...command,
                decide: (...args: Parameters<typeof command.decide>) => {
                  if (isBroken) throw new Error("no ink");
                  return command.decide(...args);
                },
              },
        ) as Machine<unknown>["commands"],
      };
      await using bank = await BankProcess.start(folder.path, flags, [broken]);
      await bank.openAccount("anna", 100);
      const ours = broken.commands.find(({ type }) => type === deposit.type) ?? assert.fail();
      const order = { key: accountKey("anna"), command: ours, body: { amountCents: 5 }, cause: teller };
      await assert.rejects(bank.storage.runtime.execute(order));
      const client = bank.host.mesh.client(runtimeService, inBank);
      const { machines } = await client.listQuarantined(ListQuarantinedRequest.create());
      assert.deepEqual(
        machines.map(({ reference, on }) => [reference?.id, on]),
        [["anna", "deposit"]],
      );
      assert.match(machines[0]?.error?.message ?? "", /no ink/);
      const repair = RepairQuarantinedRequest.fromPartial({
        ...{ kind: "account", id: "anna", action: RepairAction.REPAIR_ACTION_RETRY },
        ...{ reason: "there is ink again", idempotencyKey: "k1" },
      });
      await assert.rejects(client.repairQuarantined(repair), { code: "runtime.still_fails" });
      isBroken = false;
      const repaired = await client.repairQuarantined(repair);
      assert.equal(repaired.status, WorkStatus.WORK_STATUS_RUNNING);
      assert.deepEqual(await client.repairQuarantined(repair), repaired);
      await assert.rejects(client.repairQuarantined({ ...repair, reason: "another" }), {
        code: "runtime.key_reused",
      });
      assert.deepEqual((await client.listQuarantined(ListQuarantinedRequest.create())).machines, []);
    });
  });
}
