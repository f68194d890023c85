import assert from "node:assert/strict";
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { describe, it } from "node:test";
import type { RpcDescription } from "@tutti/contracts/rpc";
import { runService, StartRunReply } from "@tutti/contracts/workflow/v1";
import { localAdministrator } from "@tutti/kernel";
import { testFoundation } from "@tutti/kernel/testing";
import { routeNamed } from "@tutti/rest";
import { Mapping, schema } from "@tutti/rest/json";
import { RequestContext } from "./request-context.ts";
import { answered } from "./rpc-route.ts";

const mapping = new Mapping(schema);

/** The response of the route that starts runs, for a reply of the rpc. */
async function startedWith(reply: StartRunReply) {
  const { rpc = "", ...route } = routeNamed("runs.start");
  const plan = mapping.planOf({ ...route, rpc });
  const request = new IncomingMessage(new Socket());
  const context = new RequestContext({
    ...{ foundation: testFoundation(), caller: { principal: localAdministrator, by: "loopback" } },
    ...{ route: route.path, query: new URLSearchParams(), callMs: 1_000 },
    ...{ request, response: new ServerResponse(request), stopping: new AbortController().signal },
  });
  const called = {
    rpc: runService.methods.startRun as RpcDescription<unknown, unknown>,
    unary: async () => ({ ...reply }),
    many: () => assert.fail("it is no stream"),
  };
  return await answered({ plan, mapping, called }, {}, context);
}

describe("the status of an answer", () => {
  it("is 201 for a created resource, and 200 for an existing one", async () => {
    assert.equal((await startedWith(StartRunReply.fromPartial({ existed: false }))).status, 201);
    assert.equal((await startedWith(StartRunReply.fromPartial({ existed: true }))).status, 200);
  });
});
