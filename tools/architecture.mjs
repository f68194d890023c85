#!/usr/bin/env node
// `node tools/architecture.mjs`: generates the picture and the list of packages in docs/architecture.md.

import { writeArchitecture } from "./checks/architecture.mjs";
import { workspaceRoot } from "./setup.mjs";

console.log(`docs/architecture.md: ${writeArchitecture(workspaceRoot) ? "generated" : "unchanged"}`);
