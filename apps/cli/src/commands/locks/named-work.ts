import type { Context } from "../../command/declaration.ts";
import { usageFailure } from "../../command/failure.ts";
import { safe } from "../../terminal/text.ts";

/** Returns the work that an option names: `session/ses_1`. Undefined by default. */
export function namedWork(
  { values }: Context,
  option: string,
  example: readonly [words: string, does: string],
): { readonly kind: string; readonly id: string } | undefined {
  const text = values.text(option);
  if (text === undefined) return undefined;
  const [, kind, id] = /^([a-z]+)\/(.+)$/.exec(text) ?? [];
  if (kind === undefined || id === undefined)
    throw usageFailure(`--${option}: expected KIND/ID such as session/ses_1, got \`${safe(text)}\``, [
      example,
    ]);
  return { kind, id };
}
