/**
 * Issues X.509 certificates with P-256 keys. Written by hand because it is little code: the available libraries add
 * twenty packages and a global polyfill (@peculiar/x509, 4.9 MB) or support RSA only (node-forge, 1.8 MB). For
 * development and tests: production certificates come from the installation's own authority.
 */
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import { isIPv4 } from "node:net";
import {
  bitString,
  boolean,
  context,
  type Der,
  integer,
  namedBits,
  objectId,
  octetString,
  sequence,
  set,
  time,
  utf8,
} from "./der.ts";

export interface Issuer {
  readonly name: string;
  readonly key: KeyObject;
}

export interface CertificateRequest {
  readonly name: string;
  readonly publicKey: KeyObject;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Host names, IPv4 addresses and URIs of the certificate. Empty for an authority. */
  readonly names: readonly string[];
  readonly authority: boolean;
}

const oids = {
  commonName: "2.5.4.3",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  subjectKeyId: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyId: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
};

const usage = { digitalSignature: 0, certificateSign: 5, crlSign: 6 };

export function newKeyPair(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

/** Returns a certificate in PEM, signed by the issuer. */
export function issue(request: CertificateRequest, issuer: Issuer): string {
  const algorithm = sequence(objectId(oids.ecdsaWithSha256));
  const body = sequence(
    context(0, integer(Buffer.of(2)), true),
    integer(serial()),
    algorithm,
    nameOf(issuer.name),
    sequence(time(request.notBeforeMs), time(request.notAfterMs)),
    nameOf(request.name),
    spkiOf(request.publicKey),
    context(3, sequence(...extensionsOf(request, createPublicKey(issuer.key))), true),
  );
  const certificate = sequence(body, algorithm, bitString(sign("sha256", body, issuer.key)));
  const lines = certificate.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function extensionsOf(request: CertificateRequest, issuerKey: KeyObject): Der[] {
  const { authority, names, publicKey } = request;
  const extensions = [
    extension(
      oids.basicConstraints,
      authority ? sequence(boolean(true), integer(Buffer.of(0))) : sequence(),
      true,
    ),
    extension(
      oids.keyUsage,
      authority ? namedBits(usage.certificateSign, usage.crlSign) : namedBits(usage.digitalSignature),
      true,
    ),
    extension(oids.subjectKeyId, octetString(keyIdOf(publicKey))),
    extension(oids.authorityKeyId, sequence(context(0, keyIdOf(issuerKey)))),
  ];
  if (authority) return extensions;
  return [
    ...extensions,
    extension(oids.extendedKeyUsage, sequence(objectId(oids.serverAuth), objectId(oids.clientAuth))),
    extension(oids.subjectAltName, sequence(...names.map(generalName))),
  ];
}

function extension(oid: string, value: Der, critical = false): Der {
  return sequence(objectId(oid), ...(critical ? [boolean(true)] : []), octetString(value));
}

function generalName(name: string): Der {
  if (isIPv4(name)) return context(7, Buffer.from(name.split(".").map(Number)));
  return context(name.includes("://") ? 6 : 2, Buffer.from(name, "ascii"));
}

function nameOf(commonName: string): Der {
  return sequence(set(sequence(objectId(oids.commonName), utf8(commonName))));
}

function spkiOf(key: KeyObject): Der {
  return key.export({ type: "spki", format: "der" });
}

function keyIdOf(key: KeyObject): Buffer {
  return createHash("sha1").update(spkiOf(key)).digest();
}

/** 127 random bits, never zero and never negative. */
function serial(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}
