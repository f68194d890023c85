/** Rates such as `100/1m`. */
import type { Context } from "../command/declaration.ts";
import { usageFailure } from "../command/failure.ts";
import { printDurationMs, readDurationMs } from "../terminal/time.ts";

export interface RateOption {
  readonly count: number;
  readonly perMs: number;
}

export function rateOption({ values }: Pick<Context, "values">, option: string): RateOption | undefined {
  const text = values.text(option);
  if (text === undefined) return undefined;
  const [, count = "", period = ""] = /^(\d+(?:\.\d+)?)\/(.+)$/.exec(text.trim()) ?? [];
  const perMs = readDurationMs(period);
  if (count === "" || Number(count) <= 0 || perMs === undefined || perMs <= 0)
    throw usageFailure(`--${option}: expected a rate such as 100/1m, got \`${text}\``);
  return { count: Number(count), perMs };
}

/** Returns the allowance of a limit. Options that are not set are absent. */
export function allowanceFromOptions(context: Pick<Context, "values">): {
  readonly maxConcurrent?: number;
  readonly rate?: RateOption;
  readonly description?: string;
} {
  const maxConcurrent = context.values.integer("concurrency");
  const rate = rateOption(context, "rate");
  const description = context.values.text("description");
  return {
    ...(maxConcurrent === undefined ? {} : { maxConcurrent }),
    ...(rate === undefined ? {} : { rate }),
    ...(description === undefined ? {} : { description }),
  };
}

export function printRate(rate: { readonly count?: number; readonly perMs?: number } | undefined): string {
  if (rate === undefined) return "";
  return `${rate.count ?? 0} per ${printDurationMs(rate.perMs ?? 0)}`;
}
