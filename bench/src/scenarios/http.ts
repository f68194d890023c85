import { once } from "node:events";
import { Agent, createServer, type RequestListener, request } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { httpAdapter } from "@tutti/sdk/adapters";
import { adapterCalls, overheadGoal } from "../measure/adapter-calls.ts";
import type { Scenario } from "../scenario.ts";

interface LocalServer extends AsyncDisposable {
  readonly url: string;
  /** Sends a request with Node's client alone, on a kept connection. */
  readonly alone: (path: string, body?: object) => Promise<unknown>;
}

/** Starts a server in this process that answers immediately, so that only the clients differ. */
export async function localServer(listener: RequestListener): Promise<LocalServer> {
  const server = createServer(listener);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const agent = new Agent({ keepAlive: true });
  return {
    url,
    async alone(path, body) {
      const text = body === undefined ? "" : JSON.stringify(body);
      const headers = body && { "content-type": "application/json", "content-length": text.length };
      const outgoing = request(`${url}${path}`, {
        method: body ? "POST" : "GET",
        agent,
        ...(headers && { headers }),
      });
      outgoing.end(text);
      const [response] = await once(outgoing, "response");
      return json(response);
    },
    async [Symbol.asyncDispose]() {
      agent.destroy();
      server.close();
      server.closeAllConnections();
    },
  };
}

export const http: Scenario = {
  name: "http",
  about: "a request through the HTTP adapter, compared with plain HTTP",
  goals: [overheadGoal("read"), overheadGoal("write")],
  async *run(budget) {
    await using server = await localServer((incoming, response) => {
      incoming.resume();
      const text = JSON.stringify({ id: incoming.url, cents: 4_200 });
      response
        .writeHead(200, { "content-type": "application/json", "content-length": text.length })
        .end(text);
    });
    const adapter = httpAdapter({
      name: "shop",
      url: server.url,
      auth: { bearer: "env:SHOP_TOKEN" },
      operations: {
        read: { method: "GET", path: "/orders/{id}" },
        write: { method: "POST", path: "/orders", idempotencyHeader: "idempotency-key" },
      },
    });
    const calls = adapterCalls(adapter, "a-token");
    try {
      yield await calls.measured("read", budget, {
        client: (id) => server.alone(`/orders/${id}`),
        input: (id) => ({ id }),
      });
      yield await calls.measured("write", budget, {
        client: (id) => server.alone("/orders", { id }),
        input: (id) => ({ body: { id } }),
      });
    } finally {
      adapter.close?.();
    }
  },
};
