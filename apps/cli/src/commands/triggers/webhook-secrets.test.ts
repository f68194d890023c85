import assert from "node:assert/strict";
import { it } from "node:test";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure } from "../../command/failure.ts";
import type { Server } from "../../server/calls.ts";
import { secretProblems } from "./webhook-secrets.ts";

const refusal = (code: string) => new Failure(code, { exitCode: exitCodes.refused, code });
const secrets: Readonly<Record<string, () => unknown>> = {
  own: () => ({ users: [{ kind: "service", id: "webhook.orders" }] }),
  other: () => ({ users: [{ kind: "service", id: "webhook.x" }] }),
  hidden: () => {
    throw refusal("mesh.denied");
  },
};
const server = {
  namespace: {},
  call: async (_route: string, { params }: { readonly params: { readonly name: string } }) => {
    const found = secrets[params.name];
    if (found === undefined) throw refusal("governance.secret_missing");
    return found();
  },
} as unknown as Server;
const problemsOf = (...names: readonly string[]) =>
  secretProblems(server, { triggerId: "orders", secrets: names });

it("a secret that is missing, or not for the trigger, is named with the command that corrects it", async () => {
  assert.deepEqual(await problemsOf("own", "hidden"), []);
  const [absent = "", foreign = ""] = await problemsOf("github", "other");
  assert.match(absent, /`github` not found.*tutti secret put github FILE --user service:webhook\.orders/);
  assert.match(foreign, /`other` does not list `service:webhook\.orders`/);
});

it("a secret that is stored by the same apply counts with its users", async () => {
  const described = new Map([
    ["github", [{ kind: "service", id: "webhook.orders" }]],
    ["own", []],
  ]);
  const [only = "", ...others] = await secretProblems(server, {
    ...{ triggerId: "orders", secrets: ["github", "own"], described },
  });
  assert.match(only, /`own` does not list `service:webhook\.orders`/);
  assert.deepEqual(others, []);
});

it("a trigger without webhooks has none", async () => {
  assert.deepEqual(await secretProblems(server, { triggerId: "orders", secrets: undefined }), []);
});
