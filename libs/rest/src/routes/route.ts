/**
 * A route: a method and a path over an rpc of the contracts. The table of them all knows no codec, so that a page can
 * carry it. The contracts and this table decide which fields a request has in its path, its query and its body.
 */
export interface Route {
  /** How programs call it: `runs.start`. */
  readonly name: string;
  readonly method: Method;
  /** With its parameters in braces: `/v1/runs/{id}`. */
  readonly path: string;
  /** `tutti.workflow.v1.RunService/StartRun`. None where the gateway itself answers. */
  readonly rpc?: string;
  /** The service that is asked, where several host the contract. */
  readonly service?: string;
  /** Where the parameters of the path go in the request: `{ id: "runId" }`. */
  readonly params?: Readonly<Record<string, string>>;
  /** Fields of the request whose own fields are in their place: `spec`, so that a body starts with what is in it. */
  readonly hoist?: readonly string[];
  /** Fields of the request that are parameters of the query though there is a body, or under another name. */
  readonly query?: Readonly<Record<string, string>>;
  /**
   * Values of fields that a request does not set, where they are not those of the contract: `{ namespace: "system" }`.
   */
  readonly defaults?: Readonly<Record<string, string>>;
  /** The one field that the body is. Without it, a body has what is neither in the path nor in the query. */
  readonly body?: string;
  /** Fields of the request that are not to be had over REST. */
  readonly omit?: readonly string[];
  /** The body changes the object: fields that it has replace those of the object, others stay. */
  readonly merge?: { readonly field: string; readonly mask: string; readonly revision: string };
  /** Answers continue: as events of a stream, or bytes as they come. */
  readonly stream?: "events" | "bytes";
  /** A stream, asked as one request, with its replies put together. */
  readonly gathered?: true;
  /** The answer by its name, where it is put together of more than the reply of the rpc. */
  readonly reply?: string;
  /** In one sentence, where the rpc's own words do not fit. */
  readonly summary?: string;
  /** What is sent has secrets: a refusal repeats none of it. */
  readonly confidential?: true;
  /** May be called by every caller that reaches the port. */
  readonly open?: true;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
