import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { writeBigints } from "./data/exact.ts";
import { queryClient } from "./data/query-client.ts";
import { applyNamespaceParameter } from "./effects/namespace.ts";
import { applyTheme } from "./effects/theme.ts";
import { SignInGate } from "./shell/sign-in-gate.tsx";
import "./style/tokens.css";
import "./style/base.css";
import "./score/score.css";
import "./elements/elements.css";
import "./shell/frame.css";

writeBigints();
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
