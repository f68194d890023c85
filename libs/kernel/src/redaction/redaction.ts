/**
 * Removes secrets from logs, traces and errors: by the name of their key, and by their form inside a text. Printing a
 * secret is a mistake in the calling code. This is only a safety net.
 */

export const redacted = "[redacted]";

const secretWords = new Set([
  "token",
  "password",
  "passwd",
  "passphrase",
  "secret",
  "authorization",
  "cookie",
  "credential",
  "apikey",
  "jwt",
  "bearer",
]);
/** Two words that only together name a secret: `privateKey`, `x-api-key`, but neither `key` nor `publicKey`. */
const secretKeyKinds = new Set(["api", "private", "secret", "access", "signing", "encryption", "session"]);

const verdicts = new Map<string, boolean>();
const verdictsMax = 5000;

/**
 * Returns whether a value under this key is a secret: `token`, `accessToken`, `DB_PASSWORD`, `set-cookie`. Not
 * `tokenCount`, whose last word names something else.
 */
export function isSecretKey(key: string): boolean {
  const known = verdicts.get(key);
  if (known !== undefined) return known;
  const verdict = judge(key);
  if (verdicts.size < verdictsMax) verdicts.set(key, verdict);
  return verdict;
}

function judge(key: string): boolean {
  const words = key
    .replaceAll(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((word) => word !== "");
  const last = singular(words.at(-1) ?? "");
  return secretWords.has(last) || (last === "key" && secretKeyKinds.has(words.at(-2) ?? ""));
}

function singular(word: string): string {
  return word.endsWith("s") && !word.endsWith("ss") ? word.slice(0, -1) : word;
}

const userInfo = /:\/\/[^\s/?#@]+@/g;
const authorizationValue = /\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi;
/** `password=x`, `"token": "x"`. Not a sentence with one of these words before a colon. */
const assignment =
  /\b(password|passwd|passphrase|secret|token|api[_-]?key)(["']?\s*=\s*["']?|["']\s*:\s*["']?)[^\s"',;&]+/gi;

/** Redacts texts that look like a secret: the user of a URL, the value after Bearer, `password=`. */
export function redactText(text: string): string {
  let result = text;
  if (result.includes("://") && result.includes("@")) result = result.replaceAll(userInfo, `://${redacted}@`);
  if (result.includes("=") || result.includes(":")) {
    result = result.replaceAll(assignment, `$1$2${redacted}`);
  }
  return result.replaceAll(authorizationValue, `$1 ${redacted}`);
}
