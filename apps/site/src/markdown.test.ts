import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { highlighted } from "./highlight.ts";
import { plain, rendered } from "./markdown.ts";
import { addressOf, targetOf, textAddressOf } from "./sources.ts";

describe("pages of the site", () => {
  it("have the anchors of GitHub, with a number if a heading is repeated", () => {
    const { headings } = rendered("# A title: `code` & more\n\n## Same\n\n## Same\n", (link) => link);
    assert.deepEqual(
      headings.map(({ anchor }) => anchor),
      ["a-title-code--more", "same", "same-1"],
    );
  });

  it("have a title, a summary, and their text by section", () => {
    const { title, summary, sections } = rendered(
      "# Locks\n\nA lock has *one* holder.\n\n## Use\n\n- `take` it\n- [return](x.md) it\n",
      (link) => link,
    );
    assert.deepEqual([title, summary], ["Locks", "A lock has one holder."]);
    assert.match(sections[1]?.text ?? "", /take it.*return it/);
  });

  it("keep short names of a table on one line, and break long names", () => {
    const { html } = rendered(
      "# T\n\n| key |\n|---|\n| `attempts` |\n| `orchestration.master.model` |\n",
      (link) => link,
    );
    assert.match(html, /<td><code class="word">attempts<\/code><\/td>/);
    assert.match(html, /<td><code>orchestration/);
  });

  it("have diagrams that follow the theme, and no style of their own", () => {
    const states = "```mermaid\nstateDiagram-v2\n  ready --> gone: silence\n```\n";
    const { html } = rendered(`# Life\n\n${states}\n## Links\n\n${states}`, (link) => link);
    assert.equal(html.match(/<svg[^>]* role="img" aria-label="Diagram: (Life|Links)"/g)?.length, 2);
    assert.match(html, />silence</);
    assert.doesNotMatch(html, /<style| style="|https:/);
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length);
  });

  it("show markup of a text", () => {
    const { html } = rendered(
      "# T\n\n<script>alert(1)</script>\n\n```ts\nconst a = '<b>';\n```\n",
      (link) => link,
    );
    assert.doesNotMatch(html, /<script>|<b>/);
    assert.match(html, /<span class="string">&#39;&lt;b&gt;&#39;<\/span>/);
  });

  it("colour comments, keys and strings of the languages of the guides", () => {
    assert.equal(
      highlighted("uses: pay # now\n", "yaml"),
      '<span class="key">uses</span>: pay <span class="comment"># now</span>\n',
    );
    assert.match(
      highlighted('{"a": true}', "json"),
      /<span class="key">&quot;a&quot;<\/span>.*keyword">true/,
    );
    assert.equal(highlighted("a < b", "unknown"), "a &lt; b");
  });

  for (const [path, kind, address, text] of [
    ["docs/README.md", "page", "index.html", "README.md"],
    ["docs/guides/locks.md", "page", "guides/locks.html", "guides/locks.md"],
    ["CONTRIBUTING.md", "page", "files/CONTRIBUTING.html", "files/CONTRIBUTING.md"],
    ["examples/a.yaml", "code", "files/examples/a.yaml.html", "files/examples/a.yaml.txt"],
    ["examples", "folder", "files/examples/index.html", "files/examples/index.html"],
  ] as const)
    it(`have the address ${address} for ${path}`, () => {
      assert.equal(addressOf({ kind, path }), address);
      assert.equal(textAddressOf({ kind, path }), text);
    });

  it("resolve links relative to the page, and keep links to other sites", () => {
    assert.deepEqual(targetOf("../start.md#look", "docs/guides/a.md"), {
      path: "docs/start.md",
      anchor: "look",
    });
    assert.deepEqual(targetOf("#here", "docs/a.md"), { path: "docs/a.md", anchor: "here" });
    assert.equal(targetOf("https://example.com/x.md", "docs/a.md"), undefined);
  });

  it("lose the marks of Markdown in titles and the search", () => {
    assert.equal(plain("**One** [`two`](x.md) | three"), "One two three");
  });
});
