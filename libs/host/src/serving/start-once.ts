/** Starts work once: a repeated request gets the first answer. */
import type { CallContext, Command, InstanceKey } from "@tutti/kernel";
import { execute, type MachineDependencies } from "./machine-calls.ts";

interface StartRequest<Order> {
  // biome-ignore lint/suspicious/noExplicitAny: the machine's own types do not matter to its caller
  readonly command: Command<any, { readonly order: Order | undefined }, { readonly existed: boolean }>;
  /** Looks up the dependencies, and throws if the work could never be done. */
  readonly order: () => Promise<Order>;
  /** Returns only the data that identifies a repetition, and starts nothing. */
  readonly repeatedOrder: () => Order;
}

/** Started work continues, even if its definition no longer exists. */
export async function startOnce<Order>(
  dependencies: MachineDependencies,
  key: InstanceKey,
  { command, order, repeatedOrder }: StartRequest<Order>,
  context: CallContext,
): Promise<{ readonly existed: boolean }> {
  // The id alone shows a repetition: the machine compares the orders.
  const send = (payload: Order) =>
    execute(dependencies, key, { command, body: { order: payload }, idempotencyKey: "" }, context);
  let found: Order;
  try {
    found = await order();
  } catch (refusal) {
    const before = await send(repeatedOrder()).catch(() => undefined);
    if (before === undefined) throw refusal;
    return before;
  }
  return await send(found);
}
