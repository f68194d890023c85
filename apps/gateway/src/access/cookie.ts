/** The cookie of a sign-in: for this port alone, out of reach of scripts, never sent along from other sites. */
export interface CookieOptions {
  readonly name: string;
  readonly isSecure: boolean;
}

/** Browsers keep cookies by host: two installations on one machine have one each. */
export function cookieName(host: string): string {
  const port = /:(\d+)$/.exec(host)?.[1] ?? "80";
  return `tutti-${port}`;
}

export function cookieIn(header: string | undefined, name: string): string | undefined {
  for (const part of (header ?? "").split(";")) {
    const at = part.indexOf("=");
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}

export function setCookie(secret: string, forMs: number, { name, isSecure }: CookieOptions): string {
  const seconds = Math.max(0, Math.floor(forMs / 1000));
  return `${name}=${secret}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${isSecure ? "; Secure" : ""}`;
}

export function dropCookie({ name, isSecure }: CookieOptions): string {
  return setCookie("", 0, { name, isSecure });
}
