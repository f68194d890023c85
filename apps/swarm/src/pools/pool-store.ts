/** Stored pools: reads and changes them. A change is in effect when the reply is sent. */
import { ActorKind } from "@tutti/contracts/types/v1";
import { type CommandCall, execute, type MachineDependencies, query } from "@tutti/host/serving";
import type { CallContext, InstanceKey } from "@tutti/kernel";
import { contents, type PoolView } from "@tutti/machine-entities/pool";
import type { Pool } from "@tutti/matching";
import { runtimeErrors } from "@tutti/runtime/errors";
import type { PoolDirectory } from "./pool-directory.ts";

/** Returns the key of the machine that stores a pool. */
function keyOfPool(namespace: string, name: string): InstanceKey {
  return { namespace, kind: "pool", id: name };
}

/** Returns the stored state of a pool that this process owns. Undefined if there is none. */
export async function readPool(
  runtime: MachineDependencies["runtime"],
  namespace: string,
  name: string,
): Promise<PoolView | undefined> {
  try {
    return await runtime.query({ key: keyOfPool(namespace, name), query: contents, body: undefined });
  } catch (error) {
    if (runtimeErrors.unknownInstance.is(error)) return undefined;
    throw error;
  }
}

/** Sends a command of the owner of a pool itself. Resolves when it is durable. */
export function executeAsOwner<Body, Reply>(
  runtime: MachineDependencies["runtime"],
  { namespace, name }: Pick<Pool, "namespace" | "name">,
  { command, body }: CommandCall<Body, Reply>,
): Promise<Reply> {
  const actor = { kind: ActorKind.ACTOR_KIND_SERVICE, id: "swarm" };
  const cause = { actor, traceparent: "", decision: "", reason: "" };
  return runtime.execute({ key: keyOfPool(namespace, name), command, body, cause });
}

export interface PoolStoreParts {
  readonly machines: MachineDependencies;
  readonly pools: PoolDirectory;
}

export class PoolStore {
  readonly machines: MachineDependencies;
  readonly #pools: PoolDirectory;

  constructor({ machines, pools }: PoolStoreParts) {
    this.machines = machines;
    this.#pools = pools;
  }

  /** Changes a pool. Resolves when the change is durable and in effect. */
  async change<Body, Reply>(
    namespace: string,
    name: string,
    command: CommandCall<Body, Reply>,
    context: CallContext,
  ): Promise<Reply> {
    const reply = await this.execute(namespace, name, command, context);
    await this.#pools.refresh(namespace, name);
    return reply;
  }

  /** Sends a command. Resolves when the change is durable. */
  execute<Body, Reply>(
    namespace: string,
    name: string,
    call: CommandCall<Body, Reply>,
    context: CallContext,
  ): Promise<Reply> {
    return execute(this.machines, keyOfPool(namespace, name), call, context);
  }

  /** Returns the stored state of a pool, open or not. Undefined if there is none. */
  async read(namespace: string, name: string, context: CallContext): Promise<PoolView | undefined> {
    try {
      const call = { query: contents, body: undefined };
      return await query(this.machines, keyOfPool(namespace, name), call, context);
    } catch (error) {
      if (runtimeErrors.unknownInstance.is(error)) return undefined;
      throw error;
    }
  }
}
