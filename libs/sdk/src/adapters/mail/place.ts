/** Where a mail server is, and who signs in: from a URL. */
import { adapterErrors } from "../errors.ts";

export interface Place {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** TLS from the first byte. */
  readonly isTls: boolean;
}

/** `schemes` are those of a URL without and with TLS from the first byte, with their usual ports. */
export function placeOf(
  adapter: string,
  reference: string,
  text: string,
  schemes: readonly (readonly [name: string, port: number])[],
): Place {
  try {
    const { protocol, hostname, port, username, password } = new URL(text);
    const at = schemes.findIndex(([name]) => protocol === `${name}:`);
    const [, usual] = schemes[at] ?? [];
    if (usual === undefined) throw new Error("another scheme");
    return {
      host: hostname,
      port: port === "" ? usual : Number(port),
      isTls: at > 0,
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
    };
  } catch {
    // The cause would quote the URL, which has the password.
    const names = schemes.map(([name]) => `${name}://user:password@host`).join(" or ");
    throw adapterErrors.invalid({ adapter, problem: `${reference} has no URL such as ${names}` });
  }
}
