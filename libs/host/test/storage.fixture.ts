/** Processes that store the bank in a data directory, for their tests: in this process, on a real disk. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ActorKind, type Cause } from "@tutti/contracts/types/v1";
import { type InstanceKey, memorySources } from "@tutti/kernel";
import { account, deposit, open } from "@tutti/machine-bank";
import type { DueEffect } from "@tutti/runtime";
import { ServiceHost, type ServiceModule, type ServiceStorage } from "../src/index.ts";

export const teller: Cause = {
  actor: { kind: ActorKind.ACTOR_KIND_PERSON, id: "teller" },
  ...{ traceparent: "", decision: "", reason: "" },
};

export function accountKey(id: string): InstanceKey {
  return { namespace: "default", kind: "account", id };
}

/** A bank without callers, only for its machines. */
export const idleBank: ServiceModule = {
  name: "bank",
  sections: [],
  machines: [account],
  create(host) {
    host.storage({ dispatch() {}, withdraw() {} });
    return {};
  },
};

export class BankProcess {
  readonly host: ServiceHost;
  readonly storage: ServiceStorage;
  readonly dispatched: DueEffect[];

  private constructor(host: ServiceHost, storage: ServiceStorage, dispatched: DueEffect[]) {
    this.host = host;
    this.storage = storage;
    this.dispatched = dispatched;
  }

  /** Assembles a process without starting it. */
  static async open(
    directory: string,
    flags: readonly string[] = [],
    machines: NonNullable<ServiceModule["machines"]> = [account],
  ): Promise<BankProcess> {
    const usual = ["--operations.port=0", "--mesh.listen=127.0.0.1:0", "--log.level=fatal"];
    let storage: ServiceStorage | undefined;
    const dispatched: DueEffect[] = [];
    const bank: ServiceModule = {
      name: "bank",
      sections: [],
      machines,
      create(context) {
        storage = context.storage({ dispatch: (effects) => dispatched.push(...effects), withdraw() {} });
        return {};
      },
    };
    const host = await ServiceHost.open({
      ...{ name: "test", version: "1.2.3", services: [bank] },
      sources: memorySources({ arguments: [...usual, ...flags] }),
      dataDirectory: () => directory,
    });
    if (storage === undefined) throw new Error("expected the bank to have been given its storage");
    return new BankProcess(host, storage, dispatched);
  }

  static async start(...args: Parameters<typeof BankProcess.open>): Promise<BankProcess> {
    const bank = await BankProcess.open(...args);
    await bank.host.start();
    return bank;
  }

  async openAccount(id: string, balanceCents: number): Promise<void> {
    const body = { owner: id, product: "", balanceCents };
    await this.storage.runtime.execute({ key: accountKey(id), command: open, body, cause: teller });
  }

  async deposit(id: string, amountCents: number): Promise<number> {
    const order = { key: accountKey(id), command: deposit, body: { amountCents }, cause: teller };
    return (await this.storage.runtime.execute(order)).balanceCents;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host.stop();
  }
}

export interface Folder extends AsyncDisposable {
  readonly path: string;
}

export async function createFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "tutti-data-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Waits for a condition of a process that runs in its own time. */
export async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (let rounds = 0; rounds < 2_000; rounds++) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error("what was waited for did not come");
}
