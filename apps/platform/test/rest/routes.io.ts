import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { routes, withoutRoute } from "@tutti/rest";
import { Front } from "./front.ts";

describe("the route table and the served rpcs", () => {
  let front: Front;
  const served = new Set<string>();

  before(async () => {
    front = await Front.open();
    front.keptHost.host.mesh.server.onService((contract, _service, methods) => {
      for (const { method } of methods) if (!method.builtin) served.add(`${contract}/${method.name}`);
    });
  });
  after(() => front?.[Symbol.asyncDispose]());

  it("has each rpc that is served, or the reason why it has none", () => {
    const routed = new Set<string>(routes.flatMap(({ rpc }) => rpc ?? []));
    const forgotten = [...served].filter((rpc) => !routed.has(rpc) && withoutRoute[rpc] === undefined);
    assert.deepEqual(forgotten, []);
    assert.deepEqual(
      Object.keys(withoutRoute).filter((rpc) => routed.has(rpc)),
      [],
      "a reason beside a route",
    );
  });

  it("leads only to served rpcs", () => {
    const lost = routes.flatMap(({ name, rpc }) =>
      rpc === undefined || served.has(rpc) ? [] : [`${name}: ${rpc}`],
    );
    assert.deepEqual(lost, []);
    assert.deepEqual(
      Object.keys(withoutRoute).filter((rpc) => !served.has(rpc)),
      [],
      "a reason for every missing route",
    );
  });

  it("answers each of its routes, and the gateway knows all of them", async () => {
    for (const { method, path } of routes) {
      const { status, json } = await front.request(path.replace(/\{\w+\}/g, "%20"), {
        method,
        body: "not json",
      });
      assert.ok(status < 500, `${method} ${path}: ${status}`);
      assert.notEqual(json?.code, "gateway.path_unknown", `${method} ${path}`);
      assert.notEqual(json?.code, "gateway.method_unknown", `${method} ${path}`);
    }
  });
});
