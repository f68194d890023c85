/** HTTP requests to an issuer: for its metadata, its keys, and the identity behind a code. */
import { type Clock, durationText, systemTimers } from "@tutti/kernel";
import {
  type CodeExchange,
  type DiscoveredIssuer,
  discoveryAddress,
  type IssuerKeysParts,
  readDiscovery,
} from "@tutti/policy";
import { callOut, type OutgoingCall } from "../outgoing/call.ts";

type Keys = Awaited<ReturnType<IssuerKeysParts["fetchKeys"]>>;

const answerMs = 5_000;
const bytesMax = 1_048_576;
/** How long its metadata is valid. */
const freshMs = 600_000;
/** An address that the operator of this machine wrote: it is intended. */
const loopback = /^http:\/\//;

export interface IssuerSiteParts {
  readonly issuer: string;
  /** Address of its keys. Undefined if its metadata names it. */
  readonly keysAddress: string | undefined;
  /** Whether it may be in a private network. */
  readonly isPrivateAllowed: boolean;
  readonly clock: Pick<Clock, "now">;
}

export class IssuerSite {
  readonly #parts: IssuerSiteParts;
  #cached: { readonly discovered: DiscoveredIssuer; readonly atMs: number } | undefined;

  constructor(parts: IssuerSiteParts) {
    this.#parts = parts;
  }

  async discovered(): Promise<DiscoveredIssuer> {
    const { issuer, clock } = this.#parts;
    const atMs = clock.now();
    if (this.#cached !== undefined && atMs - this.#cached.atMs < freshMs) return this.#cached.discovered;
    const document = await this.#fetch("GET", discoveryAddress(issuer), { accept: "application/json" });
    const discovered = readDiscovery(document, issuer);
    this.#cached = { discovered, atMs };
    return discovered;
  }

  async keys(): Promise<Keys> {
    const address = this.#parts.keysAddress ?? (await this.discovered()).keysAddress;
    return (await this.#fetch("GET", address, { accept: "application/json" })) as Keys;
  }

  /** Exchanges a code, and returns the issuer's answer. */
  async exchange({ headers, body }: CodeExchange): Promise<unknown> {
    const { tokenAddress } = await this.discovered();
    return this.#fetch("POST", tokenAddress, headers, body);
  }

  async #fetch(
    method: OutgoingCall["method"],
    url: string,
    headers: OutgoingCall["headers"],
    body?: string,
  ): Promise<unknown> {
    const late = new AbortController();
    const timer = systemTimers.after(answerMs, () =>
      late.abort(new Error(`no answer in ${durationText(answerMs)}`)),
    );
    try {
      const text = await callOut({
        method,
        url,
        headers,
        signal: late.signal,
        answerBytesMax: bytesMax,
        arePrivateAllowed: this.#parts.isPrivateAllowed || loopback.test(url),
        ...(body !== undefined && { body }),
      });
      return JSON.parse(text) as unknown;
    } finally {
      timer.cancel();
    }
  }
}
