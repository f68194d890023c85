/** How what is kept of pools is changed: by their machines, and in effect when the caller is answered. */
import { ask, type MachineDependencies, type Told, tell } from "@tutti/host/serving";
import type { CallContext, InstanceKey } from "@tutti/kernel";
import { contents, type PoolView } from "@tutti/machine-entities/pool";
import { runtimeErrors } from "@tutti/runtime/errors";
import type { PoolDirectory } from "./pool-directory.ts";

/** Where what is kept of a pool is. */
function keyOfPool(namespace: string, name: string): InstanceKey {
  return { namespace, kind: "pool", id: name };
}

/** What is kept of a pool that is owned here. Undefined where that is nothing. */
export async function readPool(
  runtime: MachineDependencies["runtime"],
  namespace: string,
  name: string,
): Promise<PoolView | undefined> {
  try {
    return await runtime.ask({ key: keyOfPool(namespace, name), query: contents, body: undefined });
  } catch (error) {
    if (runtimeErrors.unknownInstance.is(error)) return undefined;
    throw error;
  }
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

  /** Resolves when the change is durable and the pool works by it. */
  async change<Body, Reply>(
    namespace: string,
    name: string,
    told: Told<Body, Reply>,
    context: CallContext,
  ): Promise<Reply> {
    const reply = await this.keep(namespace, name, told, context);
    await this.#pools.refresh(namespace, name);
    return reply;
  }

  /** Resolves when the change is durable. */
  keep<Body, Reply>(
    namespace: string,
    name: string,
    told: Told<Body, Reply>,
    context: CallContext,
  ): Promise<Reply> {
    return tell(this.machines, keyOfPool(namespace, name), told, context);
  }

  /** What is kept of a pool, whether it is open or not. Undefined where that is nothing. */
  async read(namespace: string, name: string, context: CallContext): Promise<PoolView | undefined> {
    try {
      const question = { query: contents, body: undefined };
      return await ask(this.machines, keyOfPool(namespace, name), question, context);
    } catch (error) {
      if (runtimeErrors.unknownInstance.is(error)) return undefined;
      throw error;
    }
  }
}
