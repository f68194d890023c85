import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Scope } from "@tutti/contracts/governance/v1";
import { GetHistoryRequest, GetStateRequest, WatchHistoryRequest } from "@tutti/contracts/runtime/v1";
import { type CallContext, localAdministrator, type Principal } from "@tutti/kernel";
import type { MachineDependencies } from "./dependencies.ts";
import { getHistory, getState, watchHistory } from "./history.ts";

const scope = Scope.create();
const viewer: Principal = {
  ...{ kind: "person", id: "vic", roles: [] },
  credential: { id: "key", namespace: "shop", groups: [], scope },
};

/** Reads nothing: a call that is allowed fails with `reached`. */
const dependencies = {
  machines: [{ kind: "tenant", isConfidential: true }, { kind: "run" }],
  runtime: { service: "governance", partitionOf: () => 0 },
  partitionOwner: {
    owns: () => {
      throw new Error("reached");
    },
  },
} as unknown as MachineDependencies;

describe("the events of confidential machines", () => {
  const contextOf = (principal: Principal) =>
    ({ principal, signal: new AbortController().signal }) as unknown as CallContext;
  const calls = {
    getHistory: (kind: string, principal: Principal) =>
      getHistory(dependencies, GetHistoryRequest.fromPartial({ kind, id: "shop" }), contextOf(principal)),
    getState: (kind: string, principal: Principal) =>
      getState(dependencies, GetStateRequest.fromPartial({ kind, id: "shop" }), contextOf(principal)),
    watchHistory: (kind: string, principal: Principal) =>
      watchHistory(
        dependencies,
        WatchHistoryRequest.fromPartial({ kind, id: "shop" }),
        contextOf(principal),
      ).next(),
  };

  for (const [name, call] of Object.entries(calls)) {
    it(`are refused by ${name} to a caller with a credential`, async () => {
      await assert.rejects(call("tenant", viewer), { code: "host.history_confidential" });
    });

    it(`are returned by ${name} to the local administrator, and events of other machines to any caller`, async () => {
      await assert.rejects(call("tenant", localAdministrator), { message: "reached" });
      await assert.rejects(call("run", viewer), { message: "reached" });
    });
  }
});
