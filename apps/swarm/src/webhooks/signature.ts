/** How a webhook knows who speaks: a keyed hash over the moment and the body, in a header beside the moment. */
import { createHmac } from "node:crypto";

export const signatureHeader = "tutti-signature";
export const momentHeader = "tutti-moment";

/** `sha256=…` over `moment.body`; a receiver refuses moments that are long past, so that nothing can be sent again. */
export function signatureOf(secret: string, moment: string, body: string): string {
  return `sha256=${createHmac("sha256", secret).update(`${moment}.${body}`).digest("hex")}`;
}
