/** Encoding of an identity between processes: `person/local-admin?admin`, and its credential, if there is one. */
import { Scope } from "@tutti/contracts/governance/v1";
import { localAdministrator, type Principal, type ShownCredential } from "@tutti/kernel";

const printed = new WeakMap<Principal, string>();

/** Returns kind, id and roles. Then, after a semicolon, the credential. */
export function printPrincipal(principal: Principal): string {
  let text = printed.get(principal);
  if (text === undefined) {
    const { kind, id, roles, shown } = principal;
    text = `${kind}/${safe(id)}?${roles.map(safe).join("&")}${shown === undefined ? "" : `;${printShown(shown)}`}`;
    printed.set(principal, text);
  }
  return text;
}

const kinds: Readonly<Record<string, Principal["kind"]>> = {
  person: "person",
  service: "service",
  agent: "agent",
};
const administrator = printPrincipal(localAdministrator);

/** An identity without rights: an unreadable identity must not have more rights than before. */
const unreadable: Principal = { kind: "person", id: "unreadable", roles: [] };

export function readPrincipal(text: string): Principal {
  if (text === administrator) return localAdministrator;
  const [, kindName = "", id = "", roles = "", shown] = form.exec(text) ?? [];
  const kind = kinds[kindName];
  if (kind === undefined || id === "") return unreadable;
  const who = { kind, id: unescaped(id), roles: roles === "" ? [] : roles.split("&").map(unescaped) };
  if (shown === undefined) return who;
  const read = readShown(shown);
  return read === undefined ? unreadable : { ...who, shown: read };
}

const form = /^([a-z]+)\/([^?]*)\?([^;]*)(?:;(.*))?$/;

function printShown({ id, namespace, groups, scope }: ShownCredential): string {
  const narrowed = Buffer.from(Scope.encode(scope).finish()).toString("base64url");
  return [safe(id), safe(namespace), groups.map(safe).join("&"), narrowed].join(";");
}

function readShown(text: string): ShownCredential | undefined {
  const [id, namespace, groups, narrowed, ...others] = text.split(";");
  if (id === undefined || namespace === undefined || groups === undefined || narrowed === undefined) return;
  if (others.length > 0) return;
  try {
    return {
      id: unescaped(id),
      namespace: unescaped(namespace),
      groups: groups === "" ? [] : groups.split("&").map(unescaped),
      scope: Scope.decode(Buffer.from(narrowed, "base64url")),
    };
  } catch {
    return;
  }
}

/**
 * Headers contain printable ASCII only. Half a character is invalid, as in the messages' strings: their check refuses
 * it.
 */
export function safe(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

export function unescaped(text: string): string {
  // Most have nothing to unescape, and every call has several.
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
