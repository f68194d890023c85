/**
 * A process of a cluster that hosts the bank: the real runtime on a journal in JetStream, with an archive of its own.
 * Everything that can be set is given as flags.
 */
import { ActorKind } from "@tutti/contracts/types/v1";
import { MemoryArchive } from "@tutti/journal";
import { openJetStream } from "@tutti/journal/jetstream";
import type { CallContext, Component, ComponentContext, InstanceKey } from "@tutti/kernel";
import { notOwnerOf, systemClock, systemDefer, systemSources } from "@tutti/kernel";
import { account, balance, deposit, open, transfer } from "@tutti/machine-bank";
import type { Handlers } from "@tutti/mesh";
import { type Note, note } from "@tutti/mesh/testing";
import type { NatsConnection } from "@tutti/nats";
import { Runtime, runtimeLimits } from "@tutti/runtime";
import { type HostContext, hostRuntime, ServiceHost, whenOwned } from "../../src/index.ts";
import { type BankNews, bankContract, partitions } from "../bank.fixture.ts";

const service = "bank";
const sentOn = new Map<string, number>();

class Bank implements Component {
  readonly #host: HostContext;
  readonly #connection: NatsConnection;
  #runtime: Runtime | undefined;

  constructor(host: HostContext, connection: NatsConnection) {
    this.#host = host;
    this.#connection = connection;
  }

  async start({ signal }: ComponentContext): Promise<void> {
    const { steward, delivery, foundation, mesh } = this.#host;
    const services = [{ service, partitions }];
    const { journal } = await openJetStream(
      { connection: this.#connection, services, answerMs: 2_000 },
      signal,
    );
    // What this process alone knows to be in its archive must stay in the journals for the others.
    for (const partition of journal.partitions) {
      Object.defineProperty(partition, "truncate", { value: async () => {} });
    }
    const runtime = new Runtime({
      ...{ service, partitions, delivery, machines: [account], tenure: steward.tenureOf(service) },
      ...{
        clock: systemClock,
        timers: foundation.timers,
        chance: foundation.chance,
        logger: foundation.logger,
      },
      journals: { journal, renew: async () => journal },
      archive: new MemoryArchive({
        partitions,
        clock: systemClock,
        source: (partition) => journal.partition(service, partition),
      }),
      effects: { dispatch() {}, withdraw() {} },
      partitionsOf: () => partitions,
      defer: systemDefer,
      limits: runtimeLimits,
      retentionOf: () => ({ keepMs: 3_600_000, idKeptMs: 3_600_000 }),
    });
    this.#runtime = runtime;
    hostRuntime(this.#host, runtime);
    mesh.serve(bankContract, handlers(this.#host, runtime));
  }

  async stop(): Promise<void> {
    await this.#runtime?.stop();
  }
}

function handlers({ steward }: HostContext, runtime: Runtime): Handlers<typeof bankContract> {
  const cause = {
    actor: { kind: ActorKind.ACTOR_KIND_PERSON, id: "test" },
    ...{ traceparent: "", decision: "", reason: "" },
  };
  const owned = (
    { key: id, text }: Note,
    context: CallContext,
    work: (key: InstanceKey) => Promise<number>,
  ) => {
    const key = { namespace: "default", kind: "account", id };
    const reply = whenOwned({ steward, runtime }, key, context, async () =>
      note({ count: await work(key), tags: [String(process.pid)] }),
    );
    return reply.catch((error: unknown) => {
      if (notOwnerOf(error) !== undefined) sentOn.set(text, (sentOn.get(text) ?? 0) + 1);
      throw error;
    });
  };
  return {
    open: (request, context) =>
      owned(request, context, async (key) => {
        const body = { owner: "somebody", product: "", balanceCents: request.count };
        await runtime.execute({ key, command: open, body, cause, idempotencyKey: request.text });
        return request.count;
      }),
    deposit: (request, context) =>
      owned(request, context, async (key) => {
        const body = { amountCents: request.count };
        const order = { key, command: deposit, body, cause, idempotencyKey: request.text };
        return (await runtime.execute(order)).balanceCents;
      }),
    transfer: (request, context) =>
      owned(request, context, async (key) => {
        const body = { to: request.tags[0] ?? "", amountCents: request.count };
        const order = { key, command: transfer, body, cause, idempotencyKey: request.text };
        return (await runtime.execute(order)).number;
      }),
    balance: (request, context) =>
      owned(request, context, async (key) => {
        return (await runtime.ask({ key, query: balance, body: undefined })).balanceCents;
      }),
  };
}

const host = await ServiceHost.open({
  name: service,
  version: "0.0.0",
  sources: systemSources(),
  services: [{ name: service, sections: [], create: async (given) => new Bank(given, await given.nats()) }],
});
const tell = (news: BankNews): void => void process.send?.(news);
process.on("message", () => tell({ kind: "sent-on", calls: [...sentOn] }));
process.once("SIGTERM", () => void host.stop().then(() => process.exit(0)));
// A test that is gone must not leave its processes behind.
process.once("disconnect", () => process.exit(0));
await host.start();
tell({ kind: "ready", address: host.mesh.address, processId: host.processId });
