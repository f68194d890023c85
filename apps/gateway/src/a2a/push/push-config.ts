/** Push configurations as clients write them, and as they are shown. */
import { A2aError, invalid, isObject, type Json, textIn } from "../protocol.ts";

export interface PushConfig {
  readonly id: string;
  readonly url: string;
  /** Empty for none. */
  readonly token: string;
  readonly authentication?: { readonly scheme: string; readonly credentials: string };
}

export const configsMax = 10;
const urlCharsMax = 2_048;
const tokenCharsMax = 1_024;
const credentialsCharsMax = 4_096;
/** Characters that a header may have. */
const visible = /^[\x21-\x7e]*$/;
const visibleOrSpace = /^[\x20-\x7e]*$/;
const scheme = /^[A-Za-z][A-Za-z0-9._~+-]{0,63}$/;
const configId = /^[\w.:-]*$/;

/**
 * The configuration of a request. Its id may be empty.
 *
 * @param urlProblem the reason why the platform may not call a URL
 */
export function pushConfigIn(
  from: Json,
  urlProblem: (url: string) => string | undefined,
  prefix = "",
): PushConfig {
  const id = textIn(from, "id", `${prefix}id`);
  if (!configId.test(id)) throw invalid(`${prefix}id`, "expected letters, digits and `-_.:`");
  const { url } = from;
  if (typeof url !== "string" || url === "" || url.length > urlCharsMax)
    throw invalid(`${prefix}url`, `expected a URL of at most ${urlCharsMax} characters`);
  const problem = urlProblem(url);
  if (problem !== undefined) throw invalid(`${prefix}url`, `the platform does not call it: ${problem}`);
  const token = headerIn(from["token"], `${prefix}token`, visible, tokenCharsMax);
  const authentication = authenticationIn(from["authentication"], `${prefix}authentication`);
  return { id, url, token, ...(authentication !== undefined && { authentication }) };
}

function authenticationIn(value: unknown, field: string): PushConfig["authentication"] {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw invalid(field, "expected an object");
  const { scheme: name, credentials } = value;
  if (typeof name !== "string" || !scheme.test(name))
    throw invalid(`${field}.scheme`, "expected an HTTP authentication scheme, such as Bearer");
  const text = headerIn(credentials, `${field}.credentials`, visibleOrSpace, credentialsCharsMax);
  return { scheme: name, credentials: text };
}

function headerIn(value: unknown, field: string, allowed: RegExp, charsMax: number): string {
  const text = value ?? "";
  if (typeof text !== "string" || text.length > charsMax || !allowed.test(text))
    throw invalid(field, `expected at most ${charsMax} printable ASCII characters`);
  return text;
}

/** Headers of a notification. */
export function headersOf({ token, authentication }: PushConfig, deliveryId: string): Record<string, string> {
  return {
    "content-type": "application/a2a+json",
    // The specification has no place for it. It is the header of Standard Webhooks.
    "webhook-id": deliveryId,
    ...(token !== "" && { "x-a2a-notification-token": token }),
    ...(authentication !== undefined && {
      authorization: `${authentication.scheme} ${authentication.credentials}`.trim(),
    }),
  };
}

/** As its client gets it back. Without token and credentials: each caller that may read the task gets it. */
export function publicConfig({ id, url, authentication }: PushConfig, taskId: string): Json {
  return {
    id,
    taskId,
    url,
    ...(authentication !== undefined && { authentication: { scheme: authentication.scheme } }),
  };
}

export const isSameConfig = (one: PushConfig, other: PushConfig): boolean => textOf(one) === textOf(other);

/** The same text for the same configuration. */
export function textOf({ id, url, token, authentication }: PushConfig): string {
  const { scheme: name, credentials } = authentication ?? {};
  return JSON.stringify([id, url, token, name ?? null, credentials ?? null]);
}

export function configOf(text: string): PushConfig {
  // The cast: `textOf` wrote it.
  const [id, url, token, name, credentials] = JSON.parse(text) as [
    string,
    string,
    string,
    ...(string | null)[],
  ];
  const authentication =
    typeof name === "string" ? { scheme: name, credentials: credentials ?? "" } : undefined;
  return { id, url, token, ...(authentication !== undefined && { authentication }) };
}

export const configNotFound = (taskId: string, id: string): A2aError =>
  new A2aError(
    "TASK_NOT_FOUND",
    `Push notification configuration ${id.slice(0, 200)} of task ${taskId} not found`,
    { metadata: { taskId } },
  );
