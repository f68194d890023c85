/** What is done to many runs at once. */
import type { bulkService } from "@tutti/contracts/workflow/v1";
import type { Handlers } from "@tutti/mesh";
import { applyBulk } from "./apply.ts";
import type { BulkDesk } from "./desk.ts";
import { previewBulk } from "./preview.ts";

export function bulkHandlers(desk: BulkDesk): Handlers<typeof bulkService> {
  return {
    previewBulk: (request, context) => previewBulk(desk, request, context),
    applyBulk: (request, context) => applyBulk(desk, request, context),
  };
}
