/** Signature Version 4 of AWS, which servers with the interface of S3 accept too. */
import { createHash, createHmac } from "node:crypto";

export interface S3Credentials {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken: string;
}

export interface Signable {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Returns the headers with a signature. Names are in lower case. */
export function signed(
  { method, url, headers, body }: Signable,
  { accessKey, secretKey, sessionToken }: S3Credentials,
  region: string,
  nowMs: number,
): Record<string, string> {
  const time = new Date(nowMs).toISOString().replace(/\.\d+|[-:]/g, "");
  const bodyHash = createHash("sha256").update(body).digest("hex");
  const all: Record<string, string> = {
    ...headers,
    host: url.host,
    "x-amz-content-sha256": bodyHash,
    "x-amz-date": time,
    ...(sessionToken !== "" && { "x-amz-security-token": sessionToken }),
  };
  const names = Object.keys(all).toSorted();
  const query = [...url.searchParams]
    .map(([name, value]) => `${uriEncoded(name)}=${uriEncoded(value)}`)
    .toSorted()
    .join("&");
  const request = [
    ...[method, url.pathname, query],
    ...names.map((name) => `${name}:${all[name]?.trim().replace(/ +/g, " ")}`),
    ...["", names.join(";"), bodyHash],
  ].join("\n");
  const scope = `${time.slice(0, 8)}/${region}/s3/aws4_request`;
  const hash = createHash("sha256").update(request).digest("hex");
  const key = scope
    .split("/")
    .reduce((above: Buffer | string, part) => hmac(above, part), `AWS4${secretKey}`);
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash}`).toString("hex");
  const parts = [
    `Credential=${accessKey}/${scope}`,
    `SignedHeaders=${names.join(";")}`,
    `Signature=${signature}`,
  ];
  return { ...all, authorization: `AWS4-HMAC-SHA256 ${parts.join(", ")}` };
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

/** Encodes a text as the signature requires: more characters than `encodeURIComponent`. */
export function uriEncoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
