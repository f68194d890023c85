/** Common options as fields of a request. Options that are not set are absent. */

import { RestError } from "@tutti/rest/client";
import type { Context } from "../command/declaration.ts";
import { Failure } from "../command/failure.ts";

type CommandValues = Pick<Context, "values">;

export function reasonOf({ values }: CommandValues): { readonly reason?: string } {
  const reason = values.text("reason");
  return reason === undefined ? {} : { reason };
}

export function poolOf({ values }: CommandValues): { readonly pool?: string } {
  const pool = values.text("pool");
  return pool === undefined ? {} : { pool };
}

export function keyOf({ values }: CommandValues): { readonly idempotencyKey?: string } {
  const idempotencyKey = values.text("idempotency-key");
  return idempotencyKey === undefined ? {} : { idempotencyKey };
}

/**
 * Returns the labels of a resource before it is set: a set replaces them, and `tutti apply` finds its resources by
 * labels. None if the resource does not exist, or the caller may not read it.
 */
export async function presentLabels(
  reply: Promise<{ readonly labels?: Readonly<Record<string, string>> }>,
): Promise<{ readonly labels?: Readonly<Record<string, string>> }> {
  try {
    const { labels } = await reply;
    return labels === undefined ? {} : { labels };
  } catch (error) {
    const status = statusOf(error);
    if (status === 404 || status === 403) return {};
    throw error;
  }
}

/** Returns the HTTP status of a rejected request. */
export function statusOf(error: unknown): number | undefined {
  const cause = error instanceof Failure ? error.cause : undefined;
  return cause instanceof RestError ? cause.status : undefined;
}
