import type { agentLinkService } from "@tutti/contracts/agent/v1";
import type { Handlers } from "@tutti/mesh";
import { type LinkStreamParts, serveLink } from "../links/link-stream.ts";

export function linkHandlers(parts: LinkStreamParts): Handlers<typeof agentLinkService> {
  return { link: (frames, context) => serveLink(parts, frames, context) };
}
