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

/** The namespace belongs to the query. The platform rejects it in a body without such a field. */
type Parts<N extends RouteName> = CallParts<N> & { readonly body?: WithoutNamespace<Routes[N]["body"]> };

type WithoutNamespace<Body> = Body extends object
  ? "namespace" extends keyof Body
    ? unknown
    : { readonly namespace?: never }
  : unknown;

export interface Server {
  readonly url: string;
  /** Spread into a query. Empty for the default namespace. */
  readonly namespace: { readonly namespace?: string };
  call<N extends RouteName>(name: N, parts?: Parts<N>): Promise<Routes[N]["reply"]>;
  /** Yields a reply that is not JSON, in pieces. */
  bytes<N extends RouteName>(name: N, parts?: CallParts<N>): AsyncIterable<Uint8Array>;
  follow<N extends StreamName>(
    name: N,
    parts: Pick<CallParts<N>, "params" | "query" | "body">,
    options: ServerFollowOptions,
  ): AsyncGenerator<Followed<Routes[N]["reply"]>, void, void>;
}
