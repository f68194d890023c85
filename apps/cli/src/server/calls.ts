/** The calls of the platform that commands use. */
import type { CallParts, Followed, FollowOptions, StreamName } from "@tutti/rest/client";
import type { Routes } from "@tutti/rest/types";

export type RouteName = keyof Routes;

interface ServerFollowOptions extends FollowOptions {
  /**
   * Reads the stream on one connection, for a stream that starts over after a reconnection. Fails if the connection
   * cannot be opened or breaks. By default, the stream reconnects until it is aborted.
   */
  readonly isOnce?: true;
}

export interface Server {
  readonly url: string;
  /** Spread into a query. Empty for the default namespace. */
  readonly namespace: { readonly namespace?: string };
  call<N extends RouteName>(name: N, parts?: CallParts<N>): Promise<Routes[N]["reply"]>;
  /** Yields a reply that is not JSON, in pieces. */
  bytes<N extends RouteName>(name: N, parts?: CallParts<N>): AsyncIterable<Uint8Array>;
  follow<N extends StreamName>(
    name: N,
    parts: Pick<CallParts<N>, "params" | "query" | "body">,
    options: ServerFollowOptions,
  ): AsyncGenerator<Followed<Routes[N]["reply"]>, void, void>;
}
