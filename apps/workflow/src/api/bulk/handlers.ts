/** Actions on many runs at once. */
import type { bulkService } from "@tutti/contracts/workflow/v1";
import type { Handlers } from "@tutti/mesh";
import { applyBulk } from "./apply.ts";
import type { BulkDependencies } from "./dependencies.ts";
import { previewBulk } from "./preview.ts";

export function bulkHandlers(dependencies: BulkDependencies): Handlers<typeof bulkService> {
  return {
    previewBulk: (request, context) => previewBulk(dependencies, request, context),
    applyBulk: (request, context) => applyBulk(dependencies, request, context),
  };
}
