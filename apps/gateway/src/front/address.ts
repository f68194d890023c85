/** Addresses as clients write them, before a router decodes them. */
import { gatewayErrors } from "../errors.ts";

/**
 * Returns whether an address that no route matches was meant for the API. Decides the form of the answer, never the
 * access.
 */
export function isOfApi(url: string): boolean {
  return /^(\/|%2f|\\|%5c)*(v|%76|%56)(1|%31)($|[/?#;.\\]|%2f|%5c)/i.test(url);
}

/**
 * Throws if an address is not the one spelling of its route. The variable parts may have escapes: ids may need them. Escapes
 * that are no UTF-8 are refused: `URLSearchParams` would read another character without a word.
 *
 * @param pattern of the route that matched, `/v1/runs/:runId/cancel`. Undefined if none did
 */
export function requirePlainAddress(url: string, pattern: string | undefined): void {
  const shown = url.slice(0, 200);
  // A client sends the absolute form to a proxy alone.
  if (!url.startsWith("/")) throw gatewayErrors.addressNotPlain({ path: shown, expected: "/v1/…" });
  if (pattern === undefined) return;
  if (!isDecodable(url)) throw gatewayErrors.addressMalformed({ path: shown });
  const found = (url.split("?", 1)[0] ?? "").split("/");
  const expected = pattern.split("/");
  const isPlain =
    found.length === expected.length &&
    expected.every((part, at) =>
      part.startsWith(":") ? !/[#\\;]/.test(found[at] ?? "") : part === found[at],
    );
  if (!isPlain)
    throw gatewayErrors.addressNotPlain({ path: shown, expected: pattern.replaceAll(/:(\w+)/g, "{$1}") });
}

function isDecodable(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}
