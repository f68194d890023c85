/** Reads the address and the user of a mail server from a URL. */
import { isTuttiError } from "@tutti/kernel";
import { adapterErrors } from "../errors.ts";
import { requireParameters } from "../parameters.ts";

export interface Place {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** TLS from the first byte. */
  readonly isTls: boolean;
}

/** Parses a URL. `schemes`: the schemes without and with TLS from the first byte, with their default ports. */
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
    requireParameters(adapter, reference, text);
    return {
      host: hostname,
      port: port === "" ? usual : Number(port),
      isTls: at > 0,
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
    };
  } catch (error) {
    if (isTuttiError(error)) throw error;
    // The cause would quote the URL, which has the password.
    const names = schemes.map(([name]) => `${name}://user:password@host`).join(" or ");
    throw adapterErrors.invalid({ adapter, problem: `${reference} has no URL such as ${names}` });
  }
}
