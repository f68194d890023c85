import { json } from "node:stream/consumers";
import { graphqlAdapter } from "@tutti/sdk/adapters";
import { adapterCalls, overheadGoal } from "../measure/adapter-calls.ts";
import type { Scenario } from "../scenario.ts";
import { localServer } from "./http.ts";

const documents = {
  read: "query ($id: ID!) { order(id: $id) { id cents } }",
  write: "mutation ($id: ID!) { pay(id: $id) { id cents } }",
};
const idempotencyHeader = "idempotency-key";

/** The server resolves nothing. */
export const graphql: Scenario = {
  name: "graphql",
  about: "a document through the GraphQL adapter, compared with plain HTTP",
  goals: [overheadGoal("read"), overheadGoal("write")],
  async *run(budget) {
    await using server = await localServer(async (incoming, response) => {
      const { variables } = (await json(incoming)) as { readonly variables: { readonly id: string } };
      const text = JSON.stringify({ data: { order: { id: variables.id, cents: 4_200 } } });
      response
        .writeHead(200, { "content-type": "application/json", "content-length": text.length })
        .end(text);
    });
    const adapter = graphqlAdapter({
      name: "shop",
      url: `${server.url}/graphql`,
      auth: { bearer: "env:SHOP_TOKEN" },
      operations: {
        read: { document: documents.read },
        write: { document: documents.write, idempotencyHeader },
      },
    });
    const calls = adapterCalls(adapter, "a-token");
    try {
      for (const variant of ["read", "write"] as const)
        yield await calls.measured(variant, budget, {
          client: (id) => server.alone("/graphql", { query: documents[variant], variables: { id } }),
          input: (id) => ({ id }),
        });
    } finally {
      adapter.close?.();
    }
  },
};
