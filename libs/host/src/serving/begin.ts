/** Work starts, once: a repeated request gets the first answer. */
import type { CallContext, Command, InstanceKey } from "@tutti/kernel";
import { execute, type MachineDependencies } from "./machine-calls.ts";

interface Beginning<Order> {
  // biome-ignore lint/suspicious/noExplicitAny: the machine's own types do not matter to its caller
  readonly command: Command<any, { readonly order: Order | undefined }, { readonly existed: boolean }>;
  /** Looks up what has to be, and throws where it could never be done. */
  readonly order: () => Promise<Order>;
  /** What alone says whether it is the same as before, and starts nothing. */
  readonly again: () => Order;
}

/** What has started continues, even if what it was compared with no longer exists. */
export async function begin<Order>(
  dependencies: MachineDependencies,
  key: InstanceKey,
  { command, order, again }: Beginning<Order>,
  context: CallContext,
): Promise<{ readonly existed: boolean }> {
  // The id alone shows that it is the same: the machine compares the orders.
  const send = (given: Order) =>
    execute(dependencies, key, { command, body: { order: given }, idempotencyKey: "" }, context);
  let found: Order;
  try {
    found = await order();
  } catch (refusal) {
    const before = await send(again()).catch(() => undefined);
    if (before === undefined) throw refusal;
    return before;
  }
  return await send(found);
}
