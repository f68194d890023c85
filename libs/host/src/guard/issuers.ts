/** Somebody else's tokens, as they are configured to be taken: their keys are fetched from where the issuer keeps them. */
import { type Clock, systemTimers } from "@tutti/kernel";
import { IssuerKeys, type TrustedIssuer } from "@tutti/policy";
import type { AccessSettings } from "./settings.ts";

type Settings = Pick<AccessSettings, "issuers">;
type Keys = Awaited<ReturnType<ConstructorParameters<typeof IssuerKeys>[0]["fetchKeys"]>>;

const answerMs = 5_000;
const bytesMax = 1_048_576;

export function issuersIn({ issuers }: Settings, clock: Pick<Clock, "now">): readonly TrustedIssuer[] {
  return Object.entries(issuers).map(([issuer, { keys, groupsClaim, idClaim, ...given }]) => ({
    ...{ ...given, issuer, groupsClaim, idClaim },
    findKey: new IssuerKeys({ fetchKeys: () => keysAt(keys), nowMs: () => clock.now() }).find,
  }));
}

/** Whoever could send this elsewhere could say whose tokens are good: it is not followed. */
async function keysAt(url: string): Promise<Keys> {
  const late = new AbortController();
  const timer = systemTimers.after(answerMs, () => late.abort(new Error(`no answer in ${answerMs} ms`)));
  try {
    const answer = await fetch(url, {
      ...{ redirect: "error", signal: late.signal },
      headers: { accept: "application/json" },
    });
    if (!answer.ok) throw new Error(`expected keys at ${url}, found ${answer.status}`);
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of answer.body ?? []) {
      bytes += part.length;
      if (bytes > bytesMax)
        throw new Error(`expected at most ${bytesMax} bytes of keys at ${url}, found more`);
      parts.push(part);
    }
    return JSON.parse(Buffer.concat(parts).toString()) as Keys;
  } finally {
    timer.cancel();
  }
}
