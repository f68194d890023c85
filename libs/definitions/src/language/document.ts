import type { Json } from "@tutti/expressions";
import type { NeedConditionWord } from "../plan/plan.ts";
import type { OnDocument } from "./on-document.ts";

/**
 * A definition as JSON: the content of YAML and JSON, and the result of the builder. `Id` are the names of its tasks,
 * so that the compiler finds a misspelt one.
 */
export interface WorkflowDocument<Id extends string = string> {
  readonly workflow: string;
  readonly description?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly parameters?: { readonly schema: JsonSchema; readonly values?: Data };
  readonly input?: { readonly schema: JsonSchema };
  readonly outputSchema?: JsonSchema;
  readonly vars?: Readonly<Record<string, Data>>;
  readonly signals?: Readonly<Record<string, SignalDocument>>;
  readonly queries?: Readonly<Record<string, QueryDocument>>;
  readonly updates?: Readonly<Record<string, UpdateDocument>>;
  readonly pool?: string;
  readonly priority?: number;
  readonly timeout?: string;
  readonly retention?: string;
  readonly limits?: readonly LimitDocument[];
  readonly object?: { readonly key: string; readonly reader?: Condition; readonly call?: string };
  readonly onFailure?: "compensate" | "keep";
  readonly defaults?: { readonly retry?: number | RetryDocument };
  readonly on?: OnDocument | readonly OnDocument[];
  readonly tasks?: Readonly<Record<Id, TaskDocument<NoInfer<Id>>>>;
  readonly initial?: string;
  readonly states?: Readonly<Record<string, StateDocument>>;
  readonly output?: Data;
  readonly continueAsNew?: { readonly when?: Condition; readonly with?: Data };
}

export type JsonSchema = boolean | { readonly [key: string]: Json };
/** JSON whose texts may contain `${{ }}`. */
export type Data = Json;
/** An expression, with or without `${{ }}`, or a boolean. */
export type Condition = string | boolean;

export interface SignalDocument {
  readonly schema?: JsonSchema;
  readonly description?: string;
}

export interface QueryDocument extends SignalDocument {
  readonly output: Data;
  readonly outputSchema?: JsonSchema;
}

export interface UpdateDocument extends SignalDocument {
  readonly validate?: Condition;
  readonly message?: string;
  readonly set?: Readonly<Record<string, Data>>;
  readonly output?: Data;
  readonly outputSchema?: JsonSchema;
}

export interface CostDocument {
  readonly duration?: string;
  readonly money?: number;
  readonly tokens?: number;
  readonly by?: readonly string[];
}

export interface TaskDocument<Id extends string = string> {
  readonly title?: string;
  readonly uses?: string;
  readonly among?: readonly string[];
  readonly function?: string;
  readonly agent?: AgentDocument;
  readonly workflow?: string;
  readonly mission?: string;
  readonly wait?: string | WaitDocument;
  readonly approve?: ApproveDocument;
  readonly gate?: GateDocument<Id>;
  readonly set?: Data;
  readonly loop?: LoopDocument;
  readonly spawn?:
    | string
    | { readonly tasks: Condition; readonly max?: number; readonly returnErrors?: boolean };
  readonly with?: Data;
  readonly parameters?: Data;
  readonly parentClose?: "cancel" | "terminate" | "abandon";
  readonly needs?: Id | readonly NeedDocument<Id>[];
  readonly when?: Condition;
  readonly forEach?: Condition;
  readonly maxParallel?: number;
  readonly failFast?: boolean;
  readonly retry?: number | RetryDocument;
  readonly timeout?: string | TimeoutDocument;
  readonly compensate?: CompensateDocument;
  readonly priority?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly placement?: PlacementDocument<Id>;
  readonly resources?: Readonly<Record<string, number>>;
  readonly budget?: { readonly tokens?: number; readonly money?: number; readonly time?: string };
  readonly cost?: CostDocument;
  /** @deprecated use `cost` */
  readonly estimate?: CostDocument;
  readonly checks?: readonly CheckDocument<Id>[];
  readonly limits?: readonly LimitDocument[];
  readonly cache?: string | CacheDocument;
  readonly dueTime?: string;
  readonly idempotencyKey?: string;
  readonly gang?: string;
  readonly mayBeDoubled?: boolean;
  readonly mayFail?: boolean;
}

export interface CacheDocument {
  readonly key?: string;
  readonly ttl: string;
  readonly stale?: string;
  readonly failures?: string;
  readonly tags?: readonly string[];
  readonly auto?: boolean;
}

export type NeedDocument<Id extends string = string> =
  | Id
  | { readonly task: Id; readonly on?: NeedConditionWord };

/** One agent of a conversation. */
interface AgentPartDocument {
  readonly fallback?: readonly string[];
  readonly instructions: string;
  readonly tools?: readonly string[];
  /** Conditions on `call.name` and `call.input`. */
  readonly approve?: Condition;
  readonly deny?: Condition;
  readonly max?: number;
  readonly temperature?: number;
  readonly answerTokens?: number;
}

export interface HandoffDocument extends AgentPartDocument {
  readonly description?: string;
  readonly model?: string;
}

/** A language model that uses tools. */
export interface AgentDocument extends AgentPartDocument {
  readonly model: string;
  readonly prompt?: Data;
  readonly context?: readonly string[];
  readonly output?: { readonly schema: JsonSchema; readonly repairs?: number };
  readonly budget?: { readonly tokens?: number; readonly usd?: number; readonly time?: string };
  readonly handoffs?: Readonly<Record<string, HandoffDocument>>;
  readonly guard?: { readonly input?: Condition; readonly output?: Condition; readonly uses?: string };
  readonly contextTokens?: number;
}

export interface WaitDocument {
  readonly for?: string;
  readonly until?: string;
  readonly signal?: string;
  readonly where?: Condition;
  readonly event?: string;
  readonly source?: string;
  readonly if?: Condition;
  readonly within?: string;
}

export interface ApproveDocument {
  readonly by?: readonly string[];
  readonly exclude?: string;
  readonly title?: string;
  readonly message?: string;
  readonly context?: Data;
  readonly form?: JsonSchema;
  readonly needed?: number;
  readonly within?: string;
  readonly claimFor?: string;
}

export interface GateDocument<Id extends string = string> {
  readonly check?: Condition;
  readonly checks?: Readonly<Record<string, Condition>>;
  readonly sendBack?: Id;
  readonly times?: number;
  readonly report?: Data;
}

export interface LoopDocument {
  readonly tasks: Readonly<Record<string, TaskDocument>>;
  readonly while?: Condition;
  readonly until?: Condition;
  readonly max: number;
  readonly every?: string;
  readonly initial?: Data;
  readonly output?: Data;
}

export interface RetryDocument {
  readonly attempts?: number;
  readonly backoff?: string;
  readonly factor?: number;
  readonly jitter?: number;
  readonly on?: readonly string[];
  readonly notOn?: readonly string[];
  readonly exhausted?: "fail" | "pause";
  /** `fail` runs the task at most once. Default: `retry`. */
  readonly onLost?: "retry" | "fail";
}

export interface TimeoutDocument {
  readonly queue?: string;
  readonly run?: string;
  readonly heartbeat?: string;
  readonly total?: string;
}

export interface CompensateDocument {
  readonly uses: string;
  readonly with?: Data;
  readonly retry?: number | RetryDocument;
  readonly timeout?: string | TimeoutDocument;
}

export interface SelectorDocument {
  readonly equals?: Readonly<Record<string, string>>;
  readonly exists?: readonly string[];
  readonly absent?: readonly string[];
}

export interface PlacementDocument<Id extends string = string> {
  readonly pool?: string;
  readonly require?: SelectorDocument;
  readonly prefer?: SelectorDocument;
  readonly sameAgentAs?: readonly Id[];
  readonly notAgentOf?: readonly Id[];
  readonly stickyKey?: string;
  readonly contextKey?: string;
}

export interface CheckDocument<Id extends string = string> {
  readonly name: string;
  readonly condition: Condition;
  readonly onFailure?: "fail" | "sendBack" | "approval";
  readonly sendBackTo?: Id;
  readonly times?: number;
}

export interface LimitDocument {
  readonly key: string;
  readonly concurrency?: number;
  readonly rate?: string | { readonly count: number; readonly per: string; readonly burst?: number };
  readonly resources?: Readonly<Record<string, number>>;
}

export interface StateDocument {
  readonly title?: string;
  readonly entry?: readonly TaskDocument[];
  readonly exit?: readonly TaskDocument[];
  readonly run?: TaskDocument;
  readonly onDone?: TransitionsDocument;
  readonly onFailed?: TransitionsDocument;
  readonly on?: Readonly<Record<string, TransitionsDocument>>;
  readonly after?: Readonly<Record<string, TransitionsDocument>>;
  readonly always?: TransitionsDocument;
  readonly final?: boolean;
  readonly output?: Data;
  readonly fail?: string;
}

export type TransitionsDocument = string | TransitionDocument | readonly TransitionDocument[];

export interface TransitionDocument {
  readonly to?: string;
  readonly when?: Condition;
  readonly set?: Readonly<Record<string, Data>>;
  readonly do?: readonly TaskDocument[];
}
