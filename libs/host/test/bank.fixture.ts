/** The contract of the bank for the tests of a cluster, and the messages of its processes to their test. */
import { type Note, noteService } from "@tutti/mesh/testing";

const byAccount = { kind: "account", idOf: ({ key }: Note) => key };
const { change } = noteService.methods;

/**
 * `key` is the account. `text` names the call, once for all. `count` is an amount or a balance. The first of `tags` is
 * the account that a transfer goes to.
 */
export const bankContract = {
  name: "test.v1.BankService",
  area: "bank",
  methods: {
    open: { ...change, name: "Open", path: "/test.v1.BankService/Open", ...keyed() },
    deposit: { ...change, name: "Deposit", path: "/test.v1.BankService/Deposit", ...keyed() },
    transfer: { ...change, name: "Transfer", path: "/test.v1.BankService/Transfer", ...keyed() },
    balance: { ...change, name: "Balance", path: "/test.v1.BankService/Balance", ...keyed("safe") },
  },
} as const;

function keyed(repeat: "keyed" | "safe" = "keyed") {
  return { repeat, route: byAccount, idempotencyKeyOf: ({ text }: Note) => text };
}

export const partitions = 8;

/** Messages of a process to its test. `ready` is sent without a request. */
export type BankMessage =
  | { readonly kind: "ready"; readonly address: string; readonly processId: string }
  /** Calls that this process redirected to another one, with their number. */
  | { readonly kind: "sent-on"; readonly calls: readonly (readonly [string, number])[] };
