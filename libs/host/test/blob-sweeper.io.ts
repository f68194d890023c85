import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { blobService, type PutRequest, StatRequest } from "@tutti/contracts/blob/v1";
import { MemoryBlobs } from "@tutti/journal";
import type { InstanceKey, MachineEvent } from "@tutti/kernel";
import { recordingLogger, VirtualTime } from "@tutti/kernel/testing";
import { account, close } from "@tutti/machine-bank";
import { stepWith } from "@tutti/machine-bank/testing";
import { BlobSweeper, type MentioningRuntime } from "../src/blobs/sweeper.ts";
import { accountKey, BankProcess, createFolder, teller, until } from "./storage.fixture.ts";

const hashOf = (text: string): Uint8Array => createHash("sha256").update(text).digest();
const keepMs = 10_000;
const sweepMs = 1_000;

/** A service with two partitions whose state the test sets. */
class Bank implements MentioningRuntime {
  readonly service = "bank";
  namesBlobs = true;
  readonly atWork = new Set([0, 1]);
  readonly kept = new Set<string>();

  partitionStatuses(): ReturnType<MentioningRuntime["partitionStatuses"]> {
    return [0, 1].map((partition) => ({
      ...{ partition, epoch: 1, head: 0, headHash: new Uint8Array(0), first: 1, loaded: 0, live: 0 },
      ...{ quarantined: 0, inbox: 0, isPaused: false, indexLagMs: 0, nextDueMs: undefined, load: 0 },
      state: this.atWork.has(partition) ? "running" : "starting",
    }));
  }

  mentioned(partition: number): Promise<boolean> {
    return Promise.resolve(this.atWork.has(partition));
  }

  checkExistence(partition: number, keys: readonly InstanceKey[]): Promise<readonly boolean[] | undefined> {
    return Promise.resolve(this.atWork.has(partition) ? keys.map(({ id }) => this.kept.has(id)) : undefined);
  }
}

function swept() {
  const time = new VirtualTime();
  const blobs = new MemoryBlobs(time);
  const bank = new Bank();
  const logger = recordingLogger();
  const sweeper = new BlobSweeper({
    blobs: () => blobs,
    runtimes: () => [bank],
    settings: { keepMs, sweepMs },
    foundation: { clock: time, timers: time, logger },
  });
  const put = (text: string) => blobs.put("default", [Buffer.from(text)]);
  const has = async (text: string) => (await blobs.find("default", hashOf(text))) !== undefined;
  const mention = (id: string, text: string, partition = 0) =>
    blobs.mention([
      { namespace: "default", service: "bank", partition, kind: "account", id, sha256: hashOf(text) },
    ]);
  return { time, blobs, bank, logger, sweeper, put, has, mention };
}

describe("a sweep of blobs", () => {
  it("repeats, and removes blobs older than the retention time", async () => {
    const { time, sweeper, put, has } = swept();
    await put("old");
    sweeper.start();
    await time.advanceAsync(keepMs / 2);
    await put("young");
    assert.ok(await has("old"));
    await time.advanceAsync(keepMs);
    assert.equal(await has("old"), false);
    assert.ok(await has("young"));
    await time.advanceAsync(keepMs);
    assert.equal(await has("young"), false);
    await sweeper.stop();
  });

  it("keeps a mentioned blob while its instance exists, and afterwards for the retention time", async () => {
    const { time, bank, sweeper, put, has, mention } = swept();
    bank.kept.add("anna");
    await put("named");
    await mention("anna", "named");
    sweeper.start();
    await time.advanceAsync(5 * keepMs);
    assert.ok(await has("named"));
    bank.kept.delete("anna");
    await time.advanceAsync(keepMs);
    assert.ok(await has("named"));
    await time.advanceAsync(keepMs);
    assert.equal(await has("named"), false);
    await sweeper.stop();
  });

  it("keeps a blob with a mention in a remote partition, because only its owner can check the mention", async () => {
    const { time, bank, sweeper, put, has, mention } = swept();
    await put("one");
    await put("other");
    await mention("anna", "one", 1);
    await mention("ben", "other", 0);
    bank.atWork.delete(1);
    sweeper.start();
    await time.advanceAsync(5 * keepMs);
    assert.ok(await has("one"));
    assert.equal(await has("other"), false);
    await sweeper.stop();
  });

  it("keeps blobs that an unavailable partition may refer to, and logs a warning", async () => {
    const { time, bank, logger, sweeper, put, has } = swept();
    sweeper.start();
    await time.advanceAsync(2 * sweepMs);
    bank.atWork.delete(1);
    await put("perhaps named");
    await time.advanceAsync(5 * keepMs);
    assert.ok(await has("perhaps named"));
    const [warning] = logger.lines.filter(({ level }) => level === "warn");
    assert.match(warning?.message ?? "", /a partition that may refer to blobs is unavailable/);
    assert.equal(warning?.fields["partition"], 1);
    bank.atWork.add(1);
    await time.advanceAsync(2 * keepMs);
    assert.equal(await has("perhaps named"), false);
    await sweeper.stop();
  });

  it("does not wait for a service whose machines refer to no blobs", async () => {
    const { time, bank, sweeper, put, has } = swept();
    bank.namesBlobs = false;
    bank.atWork.clear();
    await put("old");
    sweeper.start();
    await time.advanceAsync(2 * keepMs);
    assert.equal(await has("old"), false);
    await sweeper.stop();
  });
});

type Account = ReturnType<typeof account.create>;

/** Returns an account that names a blob by its owner when it is opened, like an account with a photograph. */
function accountWithPhotograph(): typeof account {
  const events = new Map<unknown, MachineEvent<Account>>(
    account.events.map((event) => [
      event,
      event.type === "account_opened" ? { ...event, blobs: ({ owner }) => [hashOf(owner)] } : event,
    ]),
  );
  return {
    ...account,
    events: [...events.values()],
    commands: account.commands.map((command) => ({
      ...command,
      decide: (state, body, step) => command.decide(state, body, stepWith(step, events)),
    })),
  };
}

describe("a process whose machines refer to blobs", () => {
  it("keeps each blob exactly as long as its machine, across a restart", async () => {
    await using folder = await createFolder();
    const flags = ["--mesh.transport=in-process", "--durable.blobs.keepMs=1", "--durable.blobs.sweepMs=20"];
    const retention = [
      "--durable.retention.keepMs=0",
      "--durable.purgeMs=10",
      "--durable.limits.indexEveryMs=5",
    ];
    const machine = accountWithPhotograph();
    const start = () => BankProcess.start(folder.path, [...flags, ...retention], [machine]);
    const command = (type: string) =>
      machine.commands.find((candidate) => candidate.type === type) ?? assert.fail(type);
    let bank = await start();
    try {
      const has = async (text: string): Promise<boolean> => {
        const request = StatRequest.fromPartial({ sha256: [hashOf(text)] });
        return (await bank.host.mesh.client(blobService).stat(request)).blobs.length > 0;
      };
      const put = async (text: string): Promise<void> => {
        await bank.host.mesh.client(blobService).put(upload(text));
      };
      const order = { key: accountKey("anna"), cause: teller };
      await put("anna");
      const body = { owner: "anna", product: "", balanceCents: 0 };
      await bank.storage.runtime.execute({ ...order, command: command("open"), body });
      // Once it is mentioned, it stays put as long as it is named.
      await bank.storage.runtime.mentioned(bank.storage.runtime.partitionOf(order.key));
      await put("anna");
      for (const text of ["nobody's", "nobody else's"]) {
        await put(text);
        await until(async () => !(await has(text)));
        assert.ok(await has("anna"));
        await bank.host.stop();
        bank = await start();
      }
      await bank.storage.runtime.execute({ ...order, command: command(close.type), body: {} });
      await until(async () => !(await has("anna")));
    } finally {
      await bank.host.stop();
    }
  });
});

async function* upload(text: string): AsyncGenerator<PutRequest> {
  const value = { sha256: new Uint8Array(0), size: undefined };
  yield { namespace: "", part: { $case: "header", value } };
  yield { namespace: "", part: { $case: "chunk", value: Buffer.from(text) } };
}
