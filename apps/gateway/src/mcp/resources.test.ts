import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addressIn } from "./resources.ts";

const known: readonly (readonly [uri: string, address: unknown])[] = [
  ["tutti://workflows/greet", { kind: "workflow", name: "greet" }],
  ["tutti://workflows/a%2Fb", { kind: "workflow", name: "a/b" }],
  ["tutti://runs/order-17", { kind: "run", id: "order-17" }],
  ["tutti://runs/order-17/result", { kind: "result", id: "order-17" }],
  ["tutti://runs/order-17/why", { kind: "why", id: "order-17" }],
];
const unknown = [
  ...["", "test://runs/a", "tutti://runs", "tutti://runs/", "tutti://runs/../x", "tutti://runs/a/history"],
  ...["tutti://runs/%2e%2e", "tutti://runs/%", "tutti://workflows/a/why", "tutti://runs/a?b"],
];

describe("the address of a resource", () => {
  for (const [uri, address] of known) it(`is read: ${uri}`, () => assert.deepEqual(addressIn(uri), address));
  for (const uri of unknown) it(`is unknown: ${uri}`, () => assert.equal(addressIn(uri), undefined));
});
