/**
 * Where a webhook may lead. Names are resolved here and the connection goes to the address that was checked, so that a name
 * that leads elsewhere a moment later changes nothing.
 */
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { scalingErrors } from "../scaling/errors.ts";

const inner = new BlockList();
for (const [address, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const)
  inner.addSubnet(address, prefix, "ipv4");
for (const [address, prefix] of [
  ["::", 127],
  ["64:ff9b::", 96],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
] as const)
  inner.addSubnet(address, prefix, "ipv6");

export function isInner(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return inner.check(mapped, "ipv4");
  return inner.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

/** What is wrong with a webhook's address as it is written; undefined when it may be tried. */
export function urlProblem(url: string, arePrivateAllowed: boolean): string | undefined {
  if (!URL.canParse(url)) return "that is no address";
  const { protocol, username, hostname } = new URL(url);
  if (protocol !== "https:" && !(protocol === "http:" && arePrivateAllowed)) return "it is not https";
  if (username !== "") return "a name and password belong into no address; sign the requests";
  const host = hostname.replace(/^\[|\]$/g, "");
  return isIP(host) !== 0 && isInner(host) && !arePrivateAllowed ? "it is in a private network" : undefined;
}

export interface Address {
  readonly address: string;
  readonly family: number;
}

/** The addresses of a host that may be called. Throws when none may. */
export async function allowedAddresses(url: string, arePrivateAllowed: boolean): Promise<readonly Address[]> {
  const problem = urlProblem(url, arePrivateAllowed);
  if (problem !== undefined) throw scalingErrors.webhookRefused({ url, problem });
  const found = await lookup(new URL(url).hostname.replace(/^\[|\]$/g, ""), { all: true });
  const allowed = found.filter(({ address }) => arePrivateAllowed || !isInner(address));
  if (allowed.length === 0)
    throw scalingErrors.webhookRefused({ url, problem: "its name leads into a private network" });
  return allowed;
}
