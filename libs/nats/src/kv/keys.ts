import { natsErrors } from "../errors.ts";

/** Key of the revision up to which markers of deletions were removed. No key of a user starts like this. */
export const horizonKey = "_tutti.horizon";

const segment = /^[-/=\w]+$/;

export function checkKey(key: string): void {
  if (!key.split(".").every((part) => segment.test(part))) throw natsErrors.badKey({ key });
}

export function checkFilter(filter: string): void {
  const parts = filter.split(".");
  const good = parts.every(
    (part, index) => part === "*" || (part === ">" && index === parts.length - 1) || segment.test(part),
  );
  if (!good) throw natsErrors.badKey({ key: filter });
}

/** Returns the subject of a key, or of a filter, in the bucket's stream. */
export function subjectOf(bucket: string, key: string): string {
  return `$KV.${bucket}.${key}`;
}

export function keyOf(bucket: string, subject: string): string {
  return subject.slice(`$KV.${bucket}.`.length);
}
