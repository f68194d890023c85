/**
 * The address of the client behind a request.
 *
 * 1. The address is that of the connection, except if the connection comes from a trusted proxy.
 * 2. Only the one configured header is read, because a proxy that sets one header forwards the others as the client wrote
 *    them.
 * 3. A list is read from the right, past trusted proxies. The client itself may have written everything to the left of
 *    the first other address.
 */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { BlockList, isIP, type Socket } from "node:net";
import { ProxyHeaderReader } from "./proxy-protocol.ts";

export const proxyHeaders = ["x-forwarded-for", "forwarded", "proxy-protocol"] as const;

export interface ProxySettings {
  /** Addresses and networks (CIDR) of proxies. */
  readonly trustedProxies: readonly string[];
  readonly proxyHeader: (typeof proxyHeaders)[number];
}

const known = new WeakMap<Socket, string>();
const trusting = new WeakMap<Socket, ClientAddresses>();

/** Returns the client address for lock-outs, the audit log and sign-ins. Empty if unknown. */
export function clientAddressOf({ socket, headers }: Pick<IncomingMessage, "socket" | "headers">): string {
  return trusting.get(socket)?.of(socket, headers) ?? plain(socket.remoteAddress ?? "");
}

export class ClientAddresses {
  readonly #trusted = new BlockList();
  readonly #header: ProxySettings["proxyHeader"];

  constructor({ trustedProxies, proxyHeader }: ProxySettings) {
    this.#header = proxyHeader;
    for (const proxy of trustedProxies) {
      const [address = "", bits] = proxy.split("/");
      const family = isIP(address) === 6 ? "ipv6" : "ipv4";
      if (bits === undefined) this.#trusted.addAddress(address, family);
      else this.#trusted.addSubnet(address, Number(bits), family);
    }
  }

  /** Calls `serve` when the client of a connection is known. Ends a proxy's connection that does not name its client. */
  accept(socket: Socket, serve: () => void): void {
    trusting.set(socket, this);
    if (this.#header !== "proxy-protocol" || !this.#isTrusted(plain(socket.remoteAddress ?? ""))) {
      serve();
      return;
    }
    new ProxyHeaderReader(socket, (address) => {
      if (address !== undefined) known.set(socket, plain(address));
      serve();
    }).start();
  }

  of(socket: Socket, headers: IncomingHttpHeaders): string {
    const direct = plain(socket.remoteAddress ?? "");
    if (this.#header === "proxy-protocol") return known.get(socket) ?? direct;
    if (!this.#isTrusted(direct)) return direct;
    let client = direct;
    for (const hop of this.#hops(headers).reverse()) {
      // An unreadable hop is not skipped, because text to the left of it comes from further away.
      if (isIP(hop) === 0) return client;
      client = hop;
      if (!this.#isTrusted(hop)) return client;
    }
    return client;
  }

  #hops(headers: IncomingHttpHeaders): string[] {
    const value = headers[this.#header];
    const text = Array.isArray(value) ? value.join(",") : (value ?? "");
    const parts = text === "" ? [] : text.split(",");
    return parts.map((part) => hostIn(this.#header === "forwarded" ? forIn(part) : part));
  }

  #isTrusted(address: string): boolean {
    return isIP(address) !== 0 && this.#trusted.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
  }
}

/** `for=192.0.2.60;proto=http`, `for="[2001:db8::1]:4711"` */
function forIn(part: string): string {
  return /(?:^|;)\s*for\s*=\s*(?:"([^"]*)"|([^;\s]*))/i.exec(part)?.slice(1).join("") ?? "";
}

/** Removes port and brackets. */
function hostIn(text: string): string {
  const trimmed = text.trim();
  const host = /^\[([^\]]*)\](?::\d+)?$/.exec(trimmed)?.[1] ?? /^(\d+(?:\.\d+){3}):\d+$/.exec(trimmed)?.[1];
  return plain(host ?? trimmed);
}

/** Converts IPv4 addresses in IPv6 form, as a dual-stack socket reports them. */
function plain(address: string): string {
  return /^::ffff:(\d+(?:\.\d+){3})$/i.exec(address)?.[1] ?? address;
}
