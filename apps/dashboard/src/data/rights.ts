/**
 * The rights that the signed-in user lacks. The page offers no denied action, and explains a refusal with the missing
 * right and who grants it. The platform decides each call itself, independently of this knowledge.
 */
import type { MissingRight, MissingRights } from "@tutti/rest/types";
import { type Call, commandLine } from "../elements/spelled.ts";

let known: MissingRights | undefined;

/** Kept for every refusal that no component could look up. */
export function storeRights(rights: MissingRights): MissingRights {
  known = rights;
  return rights;
}

type RequestLine = Pick<Call, "method" | "path">;

/** Returns the right that a call misses. Undefined where it may be made, or nothing is known. */
export function lackOf(
  rights: MissingRights | undefined,
  { method, path }: RequestLine,
): MissingRight | undefined {
  const [pathname = ""] = path.split("?", 1);
  return rights?.missing.find((right) => right.method === method && isAt(right.path, pathname));
}

/** `/v1/runs/{id}` is where `/v1/runs/r1` is. */
function isAt(pattern: string, path: string): boolean {
  const [segments, parts] = [pattern.split("/"), path.split("/")];
  return (
    segments.length === parts.length &&
    segments.every((segment, index) => segment.startsWith("{") || segment === parts[index])
  );
}

const listedMax = 3;

/** The missing right, and who grants it. */
export function lackText({ action, why, roles }: MissingRight, rights: MissingRights): string {
  const { namespace, who, givers } = rights;
  const missing = `${who} may not do ${action} in the namespace ${namespace}`;
  if (why === "forbidden") return `${missing}: a policy forbids it. A policy administrator can change that.`;
  if (why === "narrowed")
    return `${missing}: the key, token or account of this sign-in does not include it. Sign in with another one.`;
  const [least] = roles;
  if (least === undefined) return `${missing}, and no role permits it.`;
  const some = givers.slice(0, listedMax).join(", ");
  const more = givers.length > listedMax ? ` and ${givers.length - listedMax} more` : "";
  const granters = some === "" ? "The administrator of this machine" : `${some}${more}`;
  return `${missing}. The role ${least} permits it. ${granters} can bind it: ${commandLine("tutti", "role", "bind", least, who)}`;
}

/** Explains a refusal by policies to the signed-in user. Undefined if nothing more is known. */
export function denialText(call: RequestLine): string | undefined {
  const lack = lackOf(known, call);
  return lack && known && lackText(lack, known);
}
