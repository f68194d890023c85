// The search over the index of the site. A script of its own, so that a test can run it.

// biome-ignore-all lint/correctness/noUnusedVariables: site.js calls these functions

function sectionsOf(pages) {
  return pages.flatMap(([address, title, sections]) =>
    sections.map(([anchor, heading, text, words], at) => ({
      address: at === 0 ? address : `${address}#${anchor}`,
      title,
      heading: at === 0 ? "" : heading,
      text,
      inTitle: title.toLowerCase(),
      inHeading: `${heading} ${words}`.toLowerCase(),
      inText: text.toLowerCase(),
      weight: /^(reference|adr|internals|ten-jobs)\//.test(address) ? 0.5 : 1,
    })),
  );
}

// Every term must occur. A place in the title counts most, then the heading, then the text.
function search(sections, query) {
  const terms = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (terms.length === 0) return [];
  const found = [];
  for (const section of sections) {
    let score = 0;
    for (const term of terms) {
      const points =
        (starts(section.inHeading, term) ? 8 : section.inHeading.includes(term) ? 4 : 0) +
        (starts(section.inTitle, term) ? 6 : section.inTitle.includes(term) ? 3 : 0) +
        (starts(section.inText, term) ? 2 : section.inText.includes(term) ? 1 : 0);
      if (points === 0) {
        score = 0;
        break;
      }
      score += points;
    }
    if (score > 0) found.push({ section, score: score * section.weight });
  }
  found.sort((a, b) => b.score - a.score);
  return found.slice(0, 12).map(({ section }) => section);
}

function starts(text, term) {
  const at = text.indexOf(term);
  return at === 0 || (at > 0 && !/\w/.test(text[at - 1]));
}
