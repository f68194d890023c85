/** The part of `fetch` that the client needs, so that other functions can replace it. */
export type Fetching = (url: string, init: FetchingParts) => Promise<Answer>;

export type FetchingParts = Pick<RequestInit, "method" | "body" | "credentials" | "signal"> & {
  readonly headers: Readonly<Record<string, string>>;
};

export type Answer = Pick<Response, "ok" | "status" | "json" | "text" | "arrayBuffer" | "body"> & {
  readonly headers?: Pick<Headers, "get">;
};
