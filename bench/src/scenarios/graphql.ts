import { once } from "node:events";
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { graphqlAdapter } from "@tutti/sdk/adapters";
import { adapterCalls, overheadGoal } from "../measure/adapter-calls.ts";
import type { Scenario } from "../scenario.ts";

const documents = {
  read: "query ($id: ID!) { order(id: $id) { id cents } }",
  write: "mutation ($id: ID!) { pay(id: $id) { id cents } }",
};
const idempotencyHeader = "idempotency-key";

/** The server is in this process, and resolves nothing: the difference is of the two clients alone. */
export const graphql: Scenario = {
  name: "graphql",
  about: "a document through the GraphQL adapter, beside HTTP alone",
  goals: [overheadGoal("read"), overheadGoal("write")],
  async *run(budget) {
    const server = createServer(async (asked, response) => {
      const { variables } = (await json(asked)) as { readonly variables: { readonly id: string } };
      const text = JSON.stringify({ data: { order: { id: variables.id, cents: 4_200 } } });
      response
        .writeHead(200, { "content-type": "application/json", "content-length": text.length })
        .end(text);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
    const agent = new Agent({ keepAlive: true });
    const alone = async (document: string, id: string): Promise<unknown> => {
      const body = JSON.stringify({ query: document, variables: { id } });
      const headers = { "content-type": "application/json", "content-length": body.length };
      const asking = request(url, { method: "POST", agent, headers });
      asking.end(body);
      const [response] = await once(asking, "response");
      return json(response);
    };
    const adapter = graphqlAdapter({
      ...{ name: "shop", url, auth: { bearer: "env:SHOP_TOKEN" } },
      operations: {
        read: { document: documents.read },
        write: { document: documents.write, idempotencyHeader },
      },
    });
    const calls = adapterCalls(adapter, "a-token");
    try {
      for (const variant of ["read", "write"] as const)
        yield await calls.measured(variant, budget, {
          client: (id) => alone(documents[variant], id),
          input: (id) => ({ id }),
        });
    } finally {
      adapter.close?.();
      agent.destroy();
      server.close();
      server.closeAllConnections();
    }
  },
};
