// @ts-check

// What commands of the installed package need that start its programs by themselves. The clone's setup.mjs installs and
// generates before. Here everything is there.

import { platformNode } from "./node.mjs";

export async function setUp() {
  return { node: platformNode(), env: process.env };
}
