/**
 * A route: a method and a path over an rpc of the contracts. The table of routes contains no codec, so that the
 * dashboard can include it. The contracts and this table decide which fields a request has in its path, its query and
 * its body.
 */
export interface Route {
  /** Name in programs: `runs.start`. */
  readonly name: string;
  readonly method: Method;
  /** Path, with its parameters in braces: `/v1/runs/{id}`. */
  readonly path: string;
  /** The rpc: `tutti.workflow.v1.RunService/StartRun`. None if the gateway itself responds. */
  readonly rpc?: string;
  /** The called service, if several host the contract. */
  readonly service?: string;
  /** Fields of the request for the parameters of the path: `{ id: "runId" }`. */
  readonly params?: Readonly<Record<string, string>>;
  /** Fields of the request that are replaced by their own fields: `spec`, so that a body starts with its content. */
  readonly hoist?: readonly string[];
  /** Fields of the request that are parameters of the query despite a body, or under another name. */
  readonly query?: Readonly<Record<string, string>>;
  /** Defaults that differ from those of the contract: `{ namespace: "system" }`. */
  readonly defaults?: Readonly<Record<string, string>>;
  /** The only field in the body. Default: all fields that are neither in the path nor in the query. */
  readonly body?: string;
  /** Fields of the request that are not available over REST. */
  readonly omit?: readonly string[];
  /** The body changes an object: its fields replace those of the object, others stay. */
  readonly merge?: { readonly field: string; readonly mask: string; readonly revision: string };
  /** Kind of a streamed response: events, or bytes. */
  readonly stream?: "events" | "bytes";
  /** An rpc with a stream that is one request here, with its replies combined. */
  readonly gathered?: true;
  /** Name of the response, if it combines more than the reply of the rpc. */
  readonly reply?: string;
  /** Summary in one sentence, if the comment of the rpc does not fit. */
  readonly summary?: string;
  /** The request contains secrets: a refusal repeats none of it. */
  readonly confidential?: true;
  /** Every caller that reaches the port may call it. */
  readonly open?: true;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
