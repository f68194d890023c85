/** Calls over HTTP, loaded on demand. */
import type { Foundation } from "@tutti/kernel";
import type { MeshSettings } from "../settings.ts";
import type { HttpLink } from "./http/link.ts";
import type { Link } from "./link.ts";

/** Returns whether an address belongs to a gateway, which is called over HTTP. */
export function isUrl(address: string): boolean {
  return /^https?:\/\//.test(address);
}

export class HttpSide {
  readonly #settings: MeshSettings;
  readonly #foundation: Pick<Foundation, "clock" | "timers">;
  readonly #credential: () => string;
  #Link: typeof HttpLink | undefined = undefined;

  /** `credential` returns the key or token of each call. */
  constructor(
    settings: MeshSettings,
    foundation: Pick<Foundation, "clock" | "timers">,
    credential: () => string,
  ) {
    this.#settings = settings;
    this.#foundation = foundation;
    this.#credential = credential;
  }

  /** Resolves when links can be created. Undefined if they can already. */
  prepare(): Promise<void> | undefined {
    return this.#Link === undefined ? this.#load() : undefined;
  }

  /** Returns the link to the gateway at a URL. Call only when prepared. */
  link(url: string): Link {
    if (this.#Link === undefined) throw new Error("expected prepare() to load HTTP before a link is made");
    const { clock, timers } = this.#foundation;
    return new this.#Link(url, { clock, timers, settings: this.#settings, credential: this.#credential });
  }

  async #load(): Promise<void> {
    const { HttpLink } = await import("./http/link.ts");
    this.#Link = HttpLink;
  }
}
