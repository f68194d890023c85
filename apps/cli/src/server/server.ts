/** The platform as commands see it: calls by route, refused in words that a person can act on. */

import type { Followed, FollowOptions } from "@tutti/rest/client";
import { type CallParts, Client, RestError, type StreamName } from "@tutti/rest/client";
import type { Routes } from "@tutti/rest/types";
import type { Context } from "../command/context.ts";
import { httpFetch } from "../effects/http-fetch.ts";
import { keyOf, serverAddress } from "./address.ts";
import { refusalOf } from "./refusal.ts";

export type RouteName = keyof Routes;

export interface Server {
  readonly url: string;
  /** To be spread into a query; nothing for the default namespace. */
  readonly namespace: { readonly namespace?: string };
  call<N extends RouteName>(name: N, parts?: CallParts<N>): Promise<Routes[N]["reply"]>;
  follow<N extends StreamName>(
    name: N,
    parts: Pick<CallParts<N>, "params" | "query" | "body">,
    options: FollowOptions,
  ): AsyncGenerator<Followed<Routes[N]["reply"]>, void, void>;
}

/** How long an answer is waited for before somebody is told that there is none. */
const patienceMs = 30_000;

export async function connect(context: Context): Promise<Server> {
  const { values, shell } = context;
  const url = serverAddress(context);
  const key = await keyOf(context);
  const namespace = values.text("namespace") ?? shell.environment["TUTTI_NAMESPACE"];
  const client = new Client({ url, fetch: httpFetch, ...(key === undefined ? {} : { key }) });
  const server: Server = {
    url,
    namespace: namespace === undefined || namespace === "" ? {} : { namespace },
    async call(name, parts = {}) {
      try {
        return await client.call(name, { timeoutMs: patienceMs, signal: shell.interrupted, ...parts });
      } catch (error) {
        throw error instanceof RestError ? await refusalOf(error, { name, parts, client, server }) : error;
      }
    },
    async *follow(name, parts, options) {
      try {
        yield* client.follow(name, parts, { signal: shell.interrupted, ...options });
      } catch (error) {
        throw error instanceof RestError ? await refusalOf(error, { name, parts, client, server }) : error;
      }
    },
  };
  return server;
}
