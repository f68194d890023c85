/** Somebody else's tokens, as they are configured to be taken: their keys are fetched from where the issuer keeps them. */
import { type Clock, type Logger, systemTimers } from "@tutti/kernel";
import { IssuerKeys, type TrustedIssuer } from "@tutti/policy";
import { callOut } from "../outgoing/call.ts";
import type { AccessSettings } from "./settings.ts";

type Settings = Pick<AccessSettings, "issuers" | "privateIssuers">;
type Keys = Awaited<ReturnType<ConstructorParameters<typeof IssuerKeys>[0]["fetchKeys"]>>;

const answerMs = 5_000;
const bytesMax = 1_048_576;
/** Written so by whoever configures this machine: it is meant. */
const loopback = /^http:\/\//;

export function issuersIn(
  { issuers, privateIssuers }: Settings,
  { now }: Pick<Clock, "now">,
  logger: Pick<Logger, "warn">,
): readonly TrustedIssuer[] {
  return Object.entries(issuers).map(([issuer, { keys, groupsClaim, idClaim, ...given }]) => {
    const fetchKeys = () =>
      keysAt(keys, privateIssuers || loopback.test(keys)).catch((error: unknown) => {
        logger.warn("the keys of an issuer cannot be had", { issuer, error });
        throw error;
      });
    return {
      ...{ ...given, issuer, groupsClaim, idClaim },
      findKey: new IssuerKeys({ fetchKeys, nowMs: () => now() }).find,
    };
  });
}

async function keysAt(url: string, arePrivateAllowed: boolean): Promise<Keys> {
  const late = new AbortController();
  const timer = systemTimers.after(answerMs, () => late.abort(new Error(`no answer in ${answerMs} ms`)));
  try {
    const text = await callOut({
      ...{ method: "GET", url, headers: { accept: "application/json" }, signal: late.signal },
      ...{ arePrivateAllowed, answerBytesMax: bytesMax },
    });
    return JSON.parse(text) as Keys;
  } finally {
    timer.cancel();
  }
}
