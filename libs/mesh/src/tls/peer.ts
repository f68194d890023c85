import { type PeerCertificate, TLSSocket } from "node:tls";

/** The trust domain of an installation's own certificates. */
export const trustDomain = "tutti";

/** Returns the name in a service's certificate: `spiffe://tutti/service/registry`. */
export function spiffeIdOf(service: string): string {
  return `spiffe://${trustDomain}/service/${service}`;
}

/** Returns the SPIFFE id in a verified certificate. Undefined if it has none. */
export function peerOf(certificate: PeerCertificate | undefined): string | undefined {
  const names = certificate?.subjectaltname?.split(", ") ?? [];
  return names.find((name) => name.startsWith("URI:spiffe://"))?.slice("URI:".length);
}

const known = new WeakMap<TLSSocket, string | undefined>();

/**
 * Returns the SPIFFE id of a verified connection. It is read once, because decoding a certificate costs more than
 * everything else in a small call. A connection never changes its certificate.
 */
export function peerOfConnection(
  socket: unknown,
  read: () => PeerCertificate | undefined,
): string | undefined {
  if (!(socket instanceof TLSSocket)) return peerOf(read());
  if (!known.has(socket)) known.set(socket, peerOf(read()));
  return known.get(socket);
}
