import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "./data/query-client.ts";
import { applyNamespaceParameter } from "./effects/namespace.ts";
import { applyTheme } from "./effects/theme.ts";
import { SignInGate } from "./shell/sign-in-gate.tsx";
import "./style/tokens.css";
import "./style/base.css";
import "./score/score.css";
import "./elements/elements.css";
import "./shell/frame.css";

// Whole numbers beyond 2^53 are bigints in the page. It writes JSON in many places: text to copy, commands, bodies of
// calls, keys of its cache.
Object.assign(BigInt.prototype, {
  toJSON(this: bigint): object {
    return JSON.rawJSON(String(this));
  },
});
applyTheme();
applyNamespaceParameter();
const page = document.getElementById("page");
if (page === null) throw new Error("expected an element with the id page, got none");
createRoot(page).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <SignInGate />
    </QueryClientProvider>
  </StrictMode>,
);
