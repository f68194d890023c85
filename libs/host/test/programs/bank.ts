/**
 * A process of a cluster that hosts the bank, assembled by the host like every service. All settings are flags, except
 * for its release.
 */
import { ActorKind } from "@tutti/contracts/types/v1";
import { type CallContext, type InstanceKey, notOwnerOf, systemSources } from "@tutti/kernel";
import { account, balance, deposit, open, transfer } from "@tutti/machine-bank";
import { nextRelease } from "@tutti/machine-bank/testing";
import type { Handlers } from "@tutti/mesh";
import { type Note, note } from "@tutti/mesh/testing";
import type { Runtime } from "@tutti/runtime";
import { type HostContext, ServiceHost, type ServiceModule, whenOwned } from "../../src/index.ts";
import { type BankMessage, bankContract } from "../bank.fixture.ts";

const service = "bank";
/** How often calls were redirected to the owner of each epoch: each move of a partition may cost them one hop. */
const sentOn = new Map<string, number>();

const { TEST_RELEASE: release } = process.env;
const machine: typeof nextRelease = release === "next" ? nextRelease : account;

/** A release has its own decider for each command. */
function own<Known extends { readonly type: string }>(command: Known): Known {
  const found = machine.commands.find(({ type }) => type === command.type);
  return found as unknown as Known;
}

const bank: ServiceModule = {
  name: service,
  sections: [],
  machines: [machine],
  create(host) {
    const { runtime } = host.storage({ dispatch() {}, withdraw() {} });
    host.mesh.serve(bankContract, handlers(host, runtime), { service });
    return {};
  },
};

function handlers({ partitionOwner }: HostContext, runtime: Runtime): Handlers<typeof bankContract> {
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
    const reply = whenOwned({ partitionOwner, runtime }, key, context, async () =>
      note({ count: await work(key), tags: [String(process.pid)] }),
    );
    return reply.catch((error: unknown) => {
      const refusal = notOwnerOf(error);
      if (refusal === undefined) throw error;
      const move = `${text} to epoch ${refusal.owner?.epoch ?? "of nobody yet"}`;
      sentOn.set(move, (sentOn.get(move) ?? 0) + 1);
      throw error;
    });
  };
  return {
    open: (request, context) =>
      owned(request, context, async (key) => {
        const body = { owner: "somebody", product: "", balanceCents: request.count };
        await runtime.execute({ key, command: own(open), body, cause, idempotencyKey: request.text });
        return request.count;
      }),
    deposit: (request, context) =>
      owned(request, context, async (key) => {
        const body = { amountCents: request.count };
        const order = { key, command: own(deposit), body, cause, idempotencyKey: request.text };
        return (await runtime.execute(order)).balanceCents;
      }),
    transfer: (request, context) =>
      owned(request, context, async (key) => {
        const body = { to: request.tags[0] ?? "", amountCents: request.count };
        const order = { key, command: own(transfer), body, cause, idempotencyKey: request.text };
        return (await runtime.execute(order)).number;
      }),
    balance: (request, context) =>
      owned(request, context, async (key) => {
        return (await runtime.query({ key, query: balance, body: undefined })).balanceCents;
      }),
  };
}

const host = await ServiceHost.open({
  name: service,
  version: "0.0.0",
  sources: systemSources(),
  services: [bank],
});
const send = (message: BankMessage): void => void process.send?.(message);
process.on("message", () => send({ kind: "sent-on", calls: [...sentOn] }));
process.once("SIGTERM", () => void host.stop().then(() => process.exit(0)));
// If the test is gone, its processes must end.
process.once("disconnect", () => process.exit(0));
await host.start();
send({ kind: "ready", address: host.mesh.address, processId: host.processId });
