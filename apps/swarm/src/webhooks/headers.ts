/** The headers of each request of a webhook. */
import { signedHeaders } from "@tutti/host/outgoing";
import type { Foundation } from "@tutti/kernel";
import { resolved } from "../scaling/drivers/process/environment.ts";

/** Returns the headers, signed if a secret is configured. */
export async function headersOf(
  secret: string,
  body: string,
  { clock, chance }: Pick<Foundation, "clock" | "chance">,
): Promise<Record<string, string>> {
  const type = { "content-type": "application/json" };
  if (secret === "") return type;
  const id = `msg_${Buffer.from(chance.fill(new Uint8Array(16))).toString("hex")}`;
  return { ...type, ...signedHeaders(await resolved(secret), { id, nowMs: clock.now(), body }) };
}
