/**
 * A bank in a process of its own, on a real disk, to be killed at any moment: node bank-process.ts DIRECTORY
 *
 * It receives orders in batches and returns the outcome of each. It has no other output.
 */
import { join } from "node:path";
import { ArchiveThread, openArchive, openSegments } from "@tutti/journal";
import {
  errorFromUnknown,
  type InstanceKey,
  lineLogger,
  systemChance,
  systemClock,
  systemDefer,
  systemTimers,
} from "@tutti/kernel";
import { account, balance, deposit, open, transfer } from "@tutti/machine-bank";
import { Runtime, runtimeLimits } from "@tutti/runtime";
import { accountKey, tester } from "../bank.fixture.ts";
import { type BankAnswer, type BankOrder, crashPartitions } from "../crash.fixture.ts";

// Exits even if it cannot start: its parent is gone.
process.once("disconnect", () => process.exit(0));
const [directory = ""] = process.argv.slice(2);
const service = "bank";
const services = [{ service, partitions: crashPartitions }];
const { journal } = await openSegments(join(directory, "journal"), {
  services,
  chance: systemChance,
  // Small, so that segments start and are removed while it runs.
  sizes: { firstBytes: 64 * 1024, maxBytes: 512 * 1024 },
  batchBytesMax: 128 * 1024,
});
const archive = openArchive(join(directory, "archive"), new ArchiveThread(), {
  partitions: crashPartitions,
  clock: systemClock,
  source: (partition) => journal.partition(service, partition),
});
const runtime = new Runtime({
  service,
  machines: [account],
  partitions: crashPartitions,
  journals: { journal, renew: () => Promise.reject(new Error("the journal has stopped")) },
  archive,
  delivery: { deliver: () => Promise.reject(new Error("every partition is here")) },
  leaseTerm: { validUntilMs: () => Number.POSITIVE_INFINITY, lost() {} },
  effects: { dispatch() {}, withdraw() {} },
  partitionsOf: () => crashPartitions,
  clock: systemClock,
  timers: systemTimers,
  chance: systemChance,
  defer: systemDefer,
  logger: lineLogger({ clock: systemClock, level: "warn" }),
  // Rare operations happen all the time: snapshots, cuts, instances passivated and loaded.
  limits: {
    ...runtimeLimits,
    batchBytesSoft: 16 * 1024,
    indexEveryMs: 5,
    idleMs: 20,
    loadedMax: 4,
    tailBytesMax: 16 * 1024,
  },
  retentionOf: () => ({ keepMs: 3_600_000, idKeptMs: 3_600_000 }),
});
await runtime.start();

const answers: BankAnswer[] = [];
process.on("message", (orders: readonly BankOrder[]) => {
  for (const order of orders) {
    answer(order).then(
      (balanceCents) => send({ number: order.number, ...(balanceCents !== undefined && { balanceCents }) }),
      (error: unknown) => send({ number: order.number, code: errorFromUnknown(error).code }),
    );
  }
});
send({ number: -1 });

/** A parent that is gone needs no answer, and this process ends with it. */
function noticed(): void {}

/** Collects the answers of one moment. */
function send(answered: BankAnswer): void {
  answers.push(answered);
  if (answers.length > 1) return;
  queueMicrotask(() => process.send?.(answers.splice(0), noticed));
}

async function answer(order: BankOrder): Promise<number | undefined> {
  const key = accountKey(order.account);
  const { idempotencyKey, amountCents } = order;
  const call = { key, cause: tester, idempotencyKey };
  if (order.what === "balance") {
    const found = await runtime.query({ key, query: balance, body: undefined });
    return found.balanceCents;
  }
  if (order.what === "audit") return audit(key);
  if (order.what === "open") {
    await runtime.execute({
      ...call,
      command: open,
      body: { owner: "crash", product: "", balanceCents: amountCents },
    });
  } else if (order.what === "deposit") {
    await runtime.execute({ ...call, command: deposit, body: { amountCents } });
  } else {
    await runtime.execute({ ...call, command: transfer, body: { to: order.to, amountCents } });
  }
  return;
}

/**
 * Returns the balance that the whole history of an account gives, read page by page and folded from its first event.
 */
async function audit(key: InstanceKey): Promise<number> {
  let event = 0;
  for (;;) {
    const page = await runtime.history(key, event, 100);
    for (const record of page) {
      if (record.event !== ++event) throw new Error(`event ${record.event} where event ${event} belongs`);
    }
    if (page.length < 100) break;
  }
  const { projection } = await runtime.stateAt(key, event);
  // The cast: the account's own projection of its state.
  return (projection as { readonly balanceCents: number }).balanceCents;
}
