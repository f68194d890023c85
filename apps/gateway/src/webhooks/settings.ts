import { secret } from "@tutti/kernel";
import * as z from "zod";

/** The keys `integration.gateway.webhooks.*`, by the name that a webhook has in its address. */
export const webhooksSchema = z
  .record(
    z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/),
    z
      .strictObject({
        secrets: z.array(secret()).min(1).max(4),
        namespace: z.string().min(1).default("default"),
        workflow: z.string().min(1).optional(),
        signal: z.string().min(1).optional(),
        run: z.string().min(1).optional(),
      })
      .refine(({ workflow, signal }) => (workflow === undefined) !== (signal === undefined), {
        error: "expected either workflow or signal",
      })
      .refine(({ signal, run }) => signal === undefined || run !== undefined, {
        error: "expected run, which says which run is told the signal",
      }),
  )
  .default({})
  .describe(
    "What others may tell by `POST /v1/webhooks/NAME`, signed as Standard Webhooks has it. `secrets`, references to what they sign with, several while one is exchanged; `namespace`; `workflow`, of which a run begins with what is told as its input, or `signal`, which is sent with it to `run`; `run`, the id of the run, with `${{ body.… }}` in it. It is done as `service:webhook.NAME`, which needs the right to.",
  );

export type WebhookSettings = z.infer<typeof webhooksSchema>[string];
