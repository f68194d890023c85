// @ts-check

// Set-up of the installed package, for commands that start its programs. The setup.mjs of the clone installs and
// generates first. The package is complete.

import { platformNode } from "./node.mjs";

export async function setUp() {
  return { node: platformNode(), env: process.env };
}
