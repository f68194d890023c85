import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { type ChannelCredentials, credentials, experimental, ServerCredentials } from "@grpc/grpc-js";
import type { CertificateFiles } from "../../tls/certificate-files.ts";
import { peerOf, spiffeIdOf } from "../../tls/peer.ts";

export interface Credentials {
  /**
   * Returns the credentials for connections to a host. The same object for the same host, so that connections can be
   * shared.
   */
  readonly channel: (host: string) => ChannelCredentials;
  readonly server: ServerCredentials;
}

/** Returns both sides of this process: mutual TLS with its certificates, or plain connections without any. */
export function credentialsOf(files: CertificateFiles | undefined): Credentials {
  if (files === undefined) {
    const plain = credentials.createInsecure();
    return { channel: () => plain, server: ServerCredentials.createInsecure() };
  }
  const byHost = new Map<string, ChannelCredentials>();
  return {
    channel(host) {
      const known = byHost.get(host);
      if (known !== undefined) return known;
      const channelCredentials = experimental.createCertificateProviderChannelCredentials(files, files, {
        checkServerIdentity: (_host, certificate) => checkService(host, certificate),
      });
      byHost.set(host, channelCredentials);
      return channelCredentials;
    },
    server: experimental.createCertificateProviderServerCredentials(files, files, true),
  };
}

const services = spiffeIdOf("");

/**
 * Checks whether a certificate, whose issuer has been verified, belongs to the called server. Services are called at
 * addresses that no certificate can foresee: the name of a service is enough. Others must be certified for their host.
 */
function checkService(host: string, certificate: PeerCertificate): Error | undefined {
  if (peerOf(certificate)?.startsWith(services)) return undefined;
  return checkServerIdentity(host, certificate);
}
