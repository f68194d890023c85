/**
 * Description of a service for its clients and its server. `tools/generate.mjs` generates one
 * `ServiceDescription` per service. It is independent of any transport.
 */
export interface ServiceDescription<M extends Methods = Methods> {
  /** Full name in the contracts: `tutti.registry.v1.RegistryService`. */
  readonly name: string;
  /** Area of the contract, and usually the name of the service that hosts it: `registry`. */
  readonly area: string;
  readonly methods: M;
}

// biome-ignore lint/suspicious/noExplicitAny: each method of a service keeps the types of its own messages
export type Methods = Readonly<Record<string, RpcDescription<any, any>>>;

/** The two flags are literal types in generated code, so that the types of a client can follow from them. */
export interface RpcDescription<
  Request,
  Reply,
  RequestStream extends boolean = boolean,
  ReplyStream extends boolean = boolean,
> {
  /** Name: `Register`. Its key among the methods is `register`. */
  readonly name: string;
  /** Path: `/tutti.registry.v1.RegistryService/Register`. */
  readonly path: string;
  readonly requestStream: RequestStream;
  readonly replyStream: ReplyStream;
  /** Policy action and its resource. */
  readonly action: string;
  readonly resource: string;
  readonly repeat: Repeat;
  /** How the owner is found. Undefined if any instance can serve the call. */
  readonly route: Route<Request> | undefined;
  readonly request: MessageCodec<Request>;
  readonly reply: MessageCodec<Reply>;
  /** Adds the problems of a request, field by field. Adds nothing if it is valid. */
  check(request: Request, found: FieldViolation[]): void;
  /** Returns the namespace of a request, by default `default`. Undefined if the request concerns the installation. */
  namespaceOf(request: Request): string | undefined;
  /** Returns the idempotency key of a request, or the chosen id that serves as one. Empty if it has none. */
  idempotencyKeyOf(request: Request): string;
}

/** Effect of a repeated call: no further change, one effect by its key, or a continuation from its position. */
export type Repeat = "safe" | "keyed" | "resumes";

export interface Route<Request> {
  readonly kind: string;
  /** Returns the id of the object of the call. Empty if there is none and any instance serves the call. */
  idOf(request: Request): string;
}

export interface MessageCodec<T> {
  encode(message: T): Uint8Array;
  /** As `encode`, with a yield between two slices of a large message. */
  encodeInSlices?(message: T): Generator<undefined, Uint8Array>;
  /** Throws if the bytes are not a message of this type. Unknown fields are dropped. */
  decode(bytes: Uint8Array): T;
  /** As `decode`, with a yield between two slices of a large message. */
  decodeInSlices?(bytes: Uint8Array): Generator<undefined, T>;
}

export interface FieldViolation {
  /** Path in the request, as spelled in the contract: `instance.capabilities[2].name`, `labels["x"]`. */
  readonly field: string;
  /** Expected and found, in words. */
  readonly message: string;
}

/** Default namespace of a request. */
export const defaultNamespace = "default";

// Shared by descriptions of rpcs without specific functions.
export const checkNothing = (): void => {};
export const noKey = (): string => "";
export const noNamespace = (): undefined => undefined;
export const namespaceOf = (request: { readonly namespace: string }): string =>
  request.namespace === "" ? defaultNamespace : request.namespace;
