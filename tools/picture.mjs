#!/usr/bin/env node
// `node tools/picture.mjs`: draws the picture of the packages in docs/architecture.md anew.

import { drawPicture } from "./checks/picture.mjs";
import { workspaceRoot } from "./setup.mjs";

console.log(
  drawPicture(workspaceRoot) ? "docs/architecture.md: drawn anew" : "docs/architecture.md: nothing changed",
);
