/** What the rules read out of a document: its tables, and what it sets in code type. Pure. */

/** Rows of the table that follows a heading, as texts of their cells without code marks; the header row is left out. */
export function tableUnder(markdown: string, heading: string): string[][] {
  const lines = markdown.split("\n");
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, "").trim() === heading);
  if (start === -1) throw new Error(`no heading "${heading}"`);
  const rows: string[][] = [];
  for (const line of lines.slice(start + 1)) {
    if (/^#+ /.test(line)) break;
    if (line.startsWith("|"))
      rows.push(
        line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.replaceAll("`", "").trim()),
      );
    else if (rows.length > 0) break;
  }
  if (rows.length < 3) throw new Error(`no table under "${heading}"`);
  return rows.slice(2);
}

export interface CodeText {
  text: string;
  line: number;
}

/** Everything in code type: spans in backticks, lines of code blocks, and the targets of links to the tree. */
export function codeTexts(markdown: string): CodeText[] {
  const found: CodeText[] = [];
  let inBlock = false;
  for (const [index, text] of markdown.split("\n").entries()) {
    const line = index + 1;
    if (/^\s*```/.test(text)) {
      inBlock = !inBlock;
      continue;
    }
    if (inBlock) {
      found.push({ text, line });
      continue;
    }
    for (const [, span = ""] of text.matchAll(/`([^`]+)`/g)) found.push({ text: span, line });
    for (const [, target = ""] of text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g))
      found.push({ text: target, line });
  }
  return found;
}
