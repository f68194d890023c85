/** Accepted tokens of other issuers, according to the configuration: the keys are fetched from the issuer. */
import type { Clock, Logger } from "@tutti/kernel";
import { IssuerKeys, type TrustedIssuer } from "@tutti/policy";
import { IssuerSite } from "./issuer-site.ts";
import type { AccessSettings } from "./settings.ts";

type Settings = Pick<AccessSettings, "issuers" | "privateIssuers">;
type Sites = ReadonlyMap<string, IssuerSite>;

/** Returns the site of each issuer. */
export function issuerSites(
  { issuers, privateIssuers: isPrivateAllowed }: Settings,
  clock: Pick<Clock, "now">,
): Sites {
  return new Map(
    Object.entries(issuers).map(([issuer, { keys: keysAddress }]) => [
      issuer,
      new IssuerSite({ issuer, keysAddress, isPrivateAllowed, clock }),
    ]),
  );
}

export function issuersIn(
  settings: Settings,
  clock: Pick<Clock, "now">,
  logger: Pick<Logger, "warn">,
  sites: Sites = issuerSites(settings, clock),
): readonly TrustedIssuer[] {
  return [...sites].flatMap(([issuer, site]): TrustedIssuer[] => {
    const issuerSettings = settings.issuers[issuer];
    if (issuerSettings === undefined) return [];
    const { audiences, idPrefix, idClaim, groupsClaim, algorithms } = issuerSettings;
    const fetchKeys = () =>
      site.keys().catch((error: unknown) => {
        logger.warn("failed to fetch the keys of an issuer", { issuer, error });
        throw error;
      });
    const findKey = new IssuerKeys({ fetchKeys, nowMs: () => clock.now() }).find;
    return [{ issuer, audiences, idPrefix, idClaim, groupsClaim, algorithms, findKey }];
  });
}
