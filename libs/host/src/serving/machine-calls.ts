/** Calls of handlers to the machines of their service: at the owner of their partition, and in the caller's name. */
import type { Archive, IndexEntry, Search } from "@tutti/journal";
import { type CallContext, type Command, type InstanceKey, kernelErrors, type Query } from "@tutti/kernel";
import type { Runtime } from "@tutti/runtime";
import { runtimeErrors } from "@tutti/runtime/errors";
import { type Hosting, whenOwned } from "../runtime/admission.ts";
import { causeOf } from "../runtime/cause.ts";

export interface MachineDependencies extends Hosting {
  readonly runtime: Runtime;
  readonly archive: Pick<Archive, "search">;
}

export interface CommandCall<Body, Reply> {
  // biome-ignore lint/suspicious/noExplicitAny: the machine's own types do not matter to its caller
  readonly command: Command<any, Body, Reply>;
  readonly body: Body;
  /** The reason, as text. */
  readonly reason?: string;
  readonly idempotencyKey?: string;
}

/** Executes a command. Resolves when its events are durable. */
export function execute<Body, Reply>(
  dependencies: MachineDependencies,
  key: InstanceKey,
  { command, body, reason = "", idempotencyKey }: CommandCall<Body, Reply>,
  context: CallContext,
): Promise<Reply> {
  const repeat = idempotencyKey ?? context.idempotencyKey;
  const order = { key, command, body, cause: causeOf(context, reason), idempotencyKey: repeat };
  return whenOwned(dependencies, key, context, () => dependencies.runtime.execute(order));
}

export interface QueryCall<Body, Reply> {
  // biome-ignore lint/suspicious/noExplicitAny: a query knows its own types
  readonly query: Query<any, Body, Reply>;
  readonly body: Body;
}

export function query<Body, Reply>(
  dependencies: MachineDependencies,
  key: InstanceKey,
  question: QueryCall<Body, Reply>,
  context: CallContext,
): Promise<Reply> {
  return whenOwned(dependencies, key, context, () => dependencies.runtime.query({ key, ...question }));
}

/** Returns a default reply for a machine that does not exist. */
export async function orIfAbsent<Reply>(reply: Promise<Reply>, absent: Reply): Promise<Reply> {
  try {
    return await reply;
  } catch (error) {
    if (runtimeErrors.unknownInstance.is(error)) return absent;
    throw error;
  }
}

const pageMax = 1_000;

/** Returns all index entries of a kind. */
export async function allEntries(
  { archive }: Pick<MachineDependencies, "archive">,
  filter: Pick<Search, "namespace" | "kinds"> & Partial<Search>,
): Promise<readonly IndexEntry[]> {
  const all: IndexEntry[] = [];
  let cursor = "";
  do {
    const page = await archive.search({ ...everything, ...filter, limit: pageMax, cursor });
    all.push(...page.entries);
    ({ cursor } = page);
  } while (cursor !== "");
  return all;
}

export const everything: Omit<Search, "namespace" | "kinds" | "cursor" | "limit"> = {
  statuses: [],
  definition: "",
  labels: [],
  idPrefix: "",
  startedMs: { from: 0, to: Number.POSITIVE_INFINITY },
  endedMs: undefined,
  order: "started-ascending",
};

const pageSizeDefault = 100;

export function sizeOf(page: { readonly size: number } | undefined): number {
  return Math.min(page?.size || pageSizeDefault, pageMax);
}

// The leading letter is the version of the token's form.
export const tokenOfPlace = (place: number): string => `a${place}`;

export function placeOfToken(token: string): number {
  if (token === "") return 0;
  if (/^a\d{1,9}$/.test(token)) return Number(token.slice(1));
  const message = `expected the token of the page before, got ${token}`;
  throw kernelErrors.pageTokenInvalid(undefined, { violations: [{ field: "page.token", message }] });
}
