import type { agentLinkService } from "@tutti/contracts/agent/v1";
import type { Handlers } from "@tutti/mesh";
import { type GrantGuard, reportRefused } from "../grants/report-refused.ts";
import { type LinkStreamParts, serveLink } from "./link-stream.ts";

export function linkHandlers(
  parts: Omit<LinkStreamParts, "onRefused">,
  guard: GrantGuard,
): Handlers<typeof agentLinkService> {
  return {
    link: (frames, context) => {
      const onRefused: LinkStreamParts["onRefused"] = (error) =>
        reportRefused(guard, error, context, "agent.links.open");
      return serveLink({ ...parts, onRefused }, frames, context);
    },
  };
}
