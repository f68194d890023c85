import type { PeerCertificate } from "node:tls";

/** The trust domain of an installation's own certificates. */
export const trustDomain = "tutti";

/** The name under which a service's certificate speaks: `spiffe://tutti/service/registry`. */
export function spiffeIdOf(service: string): string {
  return `spiffe://${trustDomain}/service/${service}`;
}

/** Returns the SPIFFE id in a certificate that was verified. Undefined where it has none. */
export function peerOf(certificate: PeerCertificate | undefined): string | undefined {
  const names = certificate?.subjectaltname?.split(", ") ?? [];
  return names.find((name) => name.startsWith("URI:spiffe://"))?.slice("URI:".length);
}
