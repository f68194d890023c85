import type { Json } from "@tutti/expressions";

export const endWords = ["completed", "failed", "cancelled", "terminated"] as const;
type EndWord = (typeof endWords)[number];
export const singletonWords = ["skip", "queue"] as const;
export type SingletonPolicyName = (typeof singletonWords)[number];
export const webhookWords = ["standard", "github", "stripe", "shopify", "slack"] as const;
export type WebhookWord = (typeof webhookWords)[number];

/** Keys that the file of a trigger and the key `on` of a definition share. */
export interface OnDocument {
  readonly description?: string;
  readonly event?: string;
  readonly source?: string;
  readonly afterRun?: { readonly workflow: string; readonly ends?: readonly EndWord[] };
  readonly webhook?: { readonly preset?: WebhookWord; readonly secrets: readonly string[] };
  readonly if?: string;
  readonly key?: string;
  readonly window?: string;
  readonly with?: Json;
  readonly run?: string;
  readonly group?: string;
  readonly debounce?: { readonly for: string; readonly max?: string };
  readonly batch?: { readonly size: number; readonly wait?: string };
  readonly throttle?: { readonly count: number; readonly per?: string };
  readonly singleton?: SingletonPolicyName;
  readonly signal?: string;
  readonly pool?: string;
  readonly priority?: number;
  readonly timeout?: string;
  readonly retention?: string;
  readonly labels?: Readonly<Record<string, string>>;
}
