/** As much of `fetch` as the client needs, so that others can are in for it. */
export type Fetching = (url: string, init: FetchingParts) => Promise<Answer>;

export type FetchingParts = Pick<RequestInit, "method" | "body" | "credentials" | "signal"> & {
  readonly headers: Readonly<Record<string, string>>;
};

export type Answer = Pick<Response, "ok" | "status" | "json" | "text" | "arrayBuffer" | "body"> & {
  readonly headers?: Pick<Headers, "get">;
};
