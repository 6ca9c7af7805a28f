/** What a document claims of the tree, and where it is wrong. Each rule returns its objections; none means that it holds. Pure. */
import { codeTexts } from "./markdown.ts";

export interface Document {
  name: string;
  text: string;
}

/** What there is, as the rules need to know it. */
export interface Facts {
  /** Every file of the tree, from its root. */
  files: ReadonlySet<string>;
  /** String literals of the sources: names of files that are made while it runs. */
  strings: ReadonlySet<string>;
  /** Names of the npm scripts. */
  scripts: readonly string[];
  /** `GET /path/:id`, every route that is served. */
  routes: ReadonlySet<string>;
  /** Everything in which a variable or a constant may be named: sources and settings, joined. */
  sourceText: string;
}

const FILE_NAME = /\.(?:ts|tsx|mjs|js|json|toml|md|sql|sh|css|html)$/;
/** Made by a build or at run time, or brought by npm. */
const NOT_IN_THE_TREE = /^(?:dist|node_modules|\.data|~|\.)\//;

/** Paths and file names in code type that do not exist. A bare name may be any file of the tree, or one that the code names. */
export function missingPaths(document: Document, { files, strings }: Facts): string[] {
  const topLevel = new Set([...files].filter((file) => file.includes("/")).map((file) => file.split("/")[0]));
  const baseNames = new Set([...files].map((file) => file.split("/").at(-1)));
  const isNamed = (name: string) => [...strings].some((text) => text.split("/").at(-1) === name);
  const exists = (path: string) =>
    files.has(path) || [...files].some((file) => file.startsWith(path.endsWith("/") ? path : `${path}/`));

  return words(document).flatMap(({ word, line }) => {
    const objection = [`${document.name}:${line} names ${word}, which does not exist`];
    if (word.includes("://") || word.includes("NNN") || word.startsWith("/") || NOT_IN_THE_TREE.test(word))
      return [];
    if (!word.includes("/"))
      return FILE_NAME.test(word) && !baseNames.has(word) && !isNamed(word) ? objection : [];
    const [first = ""] = word.split("/");
    const isPath = topLevel.has(first) || FILE_NAME.test(word) || /^[a-z-]+\/$/.test(word);
    return isPath && !exists(word) ? objection : [];
  });
}

/** `npm start`, `npm test` and `npm run x` that package.json does not have. */
export function missingScripts(document: Document, { scripts }: Facts): string[] {
  return codeTexts(document.text).flatMap(({ text, line }) =>
    [...text.matchAll(/\bnpm (?:run )?([a-z][a-z:-]*)/g)]
      .map(([, name = ""]) => name)
      .filter((name) => !["ci", "install", "run"].includes(name) && !scripts.includes(name))
      .map((name) => `${document.name}:${line} names the npm script "${name}", which does not exist`),
  );
}

/** Routes in code type, with or without their method, that nothing serves. */
export function missingRoutes(document: Document, { routes }: Facts): string[] {
  const known = [...routes].map((route) => route.split(" "));
  return codeTexts(document.text).flatMap(({ text, line }) =>
    [
      ...text.matchAll(
        /(?:\b(GET|HEAD|POST|PUT|PATCH|DELETE) )?(?<![\w.])(\/(?:api|artifacts|openapi|healthz|readyz)[\w/:{}.<>-]*)/g,
      ),
    ]
      .map(([, method, path = ""]) => ({ method, path: path.replace(/[.:]+$/, "") }))
      .filter(
        ({ method, path }) =>
          !known.some(([m, p = ""]) => (method === undefined || m === method) && isSamePath(path, p)),
      )
      .map(
        ({ method, path }) =>
          `${document.name}:${line} names ${[method, path].filter(Boolean).join(" ")}, which nothing serves`,
      ),
  );
}

/** A parameter may be written `:id`, `{id}` or `<id>`, or be filled in. */
function isSamePath(written: string, route: string): boolean {
  const parts = written.split("/");
  const wanted = route.split("/");
  return (
    parts.length === wanted.length &&
    wanted.every((part, index) => (part.startsWith(":") ? parts[index] !== "" : part === parts[index]))
  );
}

/** Names in capitals, of variables and of constants, that no source and no setting knows. */
export function missingNames(document: Document, { sourceText }: Facts): string[] {
  return codeTexts(document.text).flatMap(({ text, line }) =>
    [...text.matchAll(/(?<![\w-])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![\w-])/g)]
      .map(([name]) => name)
      .filter((name) => !new RegExp(`\\b${name}\\b`).test(sourceText))
      .map((name) => `${document.name}:${line} names ${name}, which nothing reads`),
  );
}

/** What two lists do not have in common, in words. */
export function differences(written: readonly string[], real: readonly string[], where: string): string[] {
  return [
    ...written
      .filter((name) => !real.includes(name))
      .map((name) => `${where} lists ${name}, which does not exist`),
    ...real.filter((name) => !written.includes(name)).map((name) => `${where} does not list ${name}`),
  ];
}

function words(document: Document): { word: string; line: number }[] {
  return codeTexts(document.text).flatMap(({ text, line }) =>
    text
      .split(/[\s,;()"'=|[\]]+/)
      .map((word) => word.replace(/[.:]+$/, "").replace(/#.*$/, ""))
      .filter((word) => word !== "")
      .map((word) => ({ word, line })),
  );
}
