/** The platform as commands see it. */
import type { CallParts, Followed, FollowOptions, StreamName } from "@tutti/rest/client";
import type { Routes } from "@tutti/rest/types";

export type RouteName = keyof Routes;

export interface Server {
  readonly url: string;
  /** To be spread into a query. Nothing for the default namespace. */
  readonly namespace: { readonly namespace?: string };
  call<N extends RouteName>(name: N, parts?: CallParts<N>): Promise<Routes[N]["reply"]>;
  /** An answer that is no JSON, piece by piece. */
  bytes<N extends RouteName>(name: N, parts?: CallParts<N>): AsyncIterable<Uint8Array>;
  follow<N extends StreamName>(
    name: N,
    parts: Pick<CallParts<N>, "params" | "query" | "body">,
    options: FollowOptions,
  ): AsyncGenerator<Followed<Routes[N]["reply"]>, void, void>;
}
