/**
 * How the contracts describe a service to whoever calls or serves it. `tools/generate.mjs` makes one
 * `ServiceDescription` per service; nothing of it knows a transport.
 */
export interface ServiceDescription<M extends Methods = Methods> {
  /** Full name in the contracts: `tutti.registry.v1.RegistryService`. */
  readonly name: string;
  /** The service that hosts it, and the name it is found by: `registry`. */
  readonly area: string;
  readonly methods: M;
}

// biome-ignore lint/suspicious/noExplicitAny: a service's methods differ in their messages; each keeps its own types
export type Methods = Readonly<Record<string, RpcDescription<any, any>>>;

export interface RpcDescription<Request, Reply> {
  /** `Register`; its key among the methods is `register`. */
  readonly name: string;
  /** `/tutti.registry.v1.RegistryService/Register` */
  readonly path: string;
  readonly requestStream: boolean;
  readonly replyStream: boolean;
  /** The policy action and the resource it is about. */
  readonly action: string;
  readonly resource: string;
  readonly repeat: Repeat;
  /** How the one owner is found; undefined where any instance serves. */
  readonly route: Route<Request> | undefined;
  readonly request: MessageCodec<Request>;
  readonly reply: MessageCodec<Reply>;
  /** Adds what is wrong with a request, field by field; nothing when it is good. */
  check(request: Request, found: FieldViolation[]): void;
  /** The namespace a request is about; undefined where the contract has none. */
  namespaceOf(request: Request): string | undefined;
  /** The idempotency key of a request; empty where it carries none. */
  idempotencyKeyOf(request: Request): string;
}

/** What a repeated call does: changes nothing more, takes effect once by its key, or resumes by its position. */
export type Repeat = "safe" | "keyed" | "resumes";

export interface Route<Request> {
  readonly kind: string;
  idOf(request: Request): string;
}

export interface MessageCodec<T> {
  encode(message: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

export interface FieldViolation {
  readonly field: string;
  readonly message: string;
}
