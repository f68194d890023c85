/**
 * How the contracts describe a service to the caller that calls or serves it. `tools/generate.mjs` makes one
 * `ServiceDescription` per service. Nothing of it knows a transport.
 */
export interface ServiceDescription<M extends Methods = Methods> {
  /** Full name in the contracts: `tutti.registry.v1.RegistryService`. */
  readonly name: string;
  /** The area of the contract, and for most the name of the service that hosts it: `registry`. */
  readonly area: string;
  readonly methods: M;
}

// biome-ignore lint/suspicious/noExplicitAny: each method of a service keeps the types of its own messages
export type Methods = Readonly<Record<string, RpcDescription<any, any>>>;

/** The two flags are literal types in what is generated, so that a client's types can follow from them. */
export interface RpcDescription<
  Request,
  Reply,
  RequestStream extends boolean = boolean,
  ReplyStream extends boolean = boolean,
> {
  /** `Register`. Its key among the methods is `register`. */
  readonly name: string;
  /** `/tutti.registry.v1.RegistryService/Register` */
  readonly path: string;
  readonly requestStream: RequestStream;
  readonly replyStream: ReplyStream;
  /** The policy action and the resource it is about. */
  readonly action: string;
  readonly resource: string;
  readonly repeat: Repeat;
  /** How the one owner is found. Undefined where any instance serves. */
  readonly route: Route<Request> | undefined;
  readonly request: MessageCodec<Request>;
  readonly reply: MessageCodec<Reply>;
  /** Adds what is wrong with a request, field by field. Nothing when it is good. */
  check(request: Request, found: FieldViolation[]): void;
  /** The namespace a request is about, `default` when it names none. Undefined where it is about the installation. */
  namespaceOf(request: Request): string | undefined;
  /** Returns the idempotency key of a request, or the chosen id that serves as one. Empty where it carries none. */
  idempotencyKeyOf(request: Request): string;
}

/** What a repeated call does: changes nothing more, takes effect once by its key, or resumes by its position. */
export type Repeat = "safe" | "keyed" | "resumes";

export interface Route<Request> {
  readonly kind: string;
  /** The id of what the call is about. Empty where it names none and any instance serves it. */
  idOf(request: Request): string;
}

export interface MessageCodec<T> {
  encode(message: T): Uint8Array;
  /** As `encode`, with a yield between two slices of a large message. */
  encodeInSlices?(message: T): Generator<undefined, Uint8Array>;
  /** Throws when the bytes are not a message of this type. Fields this release does not know are dropped. */
  decode(bytes: Uint8Array): T;
  /** As `decode`, with a yield between two slices of a large message. */
  decodeInSlices?(bytes: Uint8Array): Generator<undefined, T>;
}

export interface FieldViolation {
  /** Path in the request, in the contract's spelling: `instance.capabilities[2].name`, `labels["x"]`. */
  readonly field: string;
  /** What was expected and what was found. */
  readonly message: string;
}

/** The namespace of a request that names none. */
export const defaultNamespace = "default";

// What descriptions share when an rpc has nothing of its own to say.
export const checkNothing = (): void => {};
export const noKey = (): string => "";
export const noNamespace = (): undefined => undefined;
export const namespaceOf = (request: { readonly namespace: string }): string =>
  request.namespace === "" ? defaultNamespace : request.namespace;
