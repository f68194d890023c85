/** Common options as fields of a request. Options that are not set are absent. */
import type { Context } from "../command/declaration.ts";

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
