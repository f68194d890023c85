import { type PeerCertificate, TLSSocket } from "node:tls";

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

const known = new WeakMap<TLSSocket, string | undefined>();

/**
 * Returns the SPIFFE id of a connection that was verified, read once: making a certificate readable costs more than
 * anything else that is done for a small call. A connection keeps its certificate as long as it lives.
 */
export function peerOfConnection(
  socket: unknown,
  read: () => PeerCertificate | undefined,
): string | undefined {
  if (!(socket instanceof TLSSocket)) return peerOf(read());
  if (!known.has(socket)) known.set(socket, peerOf(read()));
  return known.get(socket);
}
