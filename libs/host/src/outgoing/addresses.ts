/**
 * Checks the addresses of calls to external services. Names are resolved here and the connection goes to the checked
 * address, so that a later change of the name has no effect.
 */
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { outgoingErrors } from "./errors.ts";

const inner = new BlockList();
for (const [address, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const)
  inner.addSubnet(address, prefix, "ipv4");
// Includes all addresses that embed one of version 4: a translator would route them inside.
for (const [address, prefix] of [
  ["::", 96],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
] as const)
  inner.addSubnet(address, prefix, "ipv6");

/** Returns whether an address is not on the public internet. A text that is no address counts as inner too. */
export function isInner(address: string): boolean {
  const [plain = ""] = address.split("%", 1);
  const version = isIP(plain);
  if (version === 0) return true;
  // The list itself handles addresses of version 4 in the form of version 6.
  return inner.check(plain, version === 6 ? "ipv6" : "ipv4");
}

/** Returns the problem of a URL. Undefined if it may be tried. */
export function urlProblem(url: string, arePrivateAllowed: boolean): string | undefined {
  if (!URL.canParse(url)) return "it is not a URL";
  const { protocol, username, password } = new URL(url);
  if (protocol !== "https:" && !(protocol === "http:" && arePrivateAllowed)) return "it is not https";
  if (username !== "" || password !== "") return "it must not contain a user name or a password";
  const host = hostOf(url);
  return isIP(host) !== 0 && isInner(host) && !arePrivateAllowed ? "it is in a private network" : undefined;
}

export interface Address {
  readonly address: string;
  readonly family: number;
}

/** Returns all addresses of a name. */
export type Resolve = (host: string) => Promise<readonly Address[]>;

const bySystem: Resolve = (host) => lookup(host, { all: true });

/** Returns the addresses of a host that may be called. Throws if none may. */
export async function allowedAddresses(
  url: string,
  arePrivateAllowed: boolean,
  resolve: Resolve = bySystem,
): Promise<readonly Address[]> {
  const problem = urlProblem(url, arePrivateAllowed);
  if (problem !== undefined) throw outgoingErrors.refused({ url, problem });
  const found = await resolve(hostOf(url)).catch((error: Error) => {
    throw outgoingErrors.failed({ url, reason: error.message });
  });
  return allowedOf(found, url, arePrivateAllowed);
}

/** The same for a host that is called by another protocol than HTTP. Errors identify it by `url`. */
export async function addressesOfHost(
  host: string,
  { url, arePrivateAllowed }: { readonly url: string; readonly arePrivateAllowed: boolean },
): Promise<readonly Address[]> {
  return allowedOf(await bySystem(host), url, arePrivateAllowed);
}

function allowedOf(found: readonly Address[], url: string, arePrivateAllowed: boolean): readonly Address[] {
  const allowed = found.filter(({ address }) => arePrivateAllowed || !isInner(address));
  if (allowed.length === 0)
    throw outgoingErrors.refused({ url, problem: "its name leads into a private network" });
  return allowed;
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, "");
}
