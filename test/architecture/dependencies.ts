/** The rules of package.json: what is declared is used and explained, what is used is declared. Pure. */
import type { ParsedSource } from "./parsed-source.ts";
import { packageOf } from "./rules.ts";

export interface Declared {
  /** Names of `dependencies` and `devDependencies`. */
  names: readonly string[];
  /** Names of the commands that a package installs in `node_modules/.bin`. */
  commandsOf(name: string): readonly string[];
}

/** Packages that are named by a tool's configuration file instead of an import. */
function namedInSettings(name: string, settings: readonly string[]): boolean {
  return settings.some((text) => text.includes(`"${name}"`));
}

/** Declared packages that no file imports or names, no command of which is run, and no setting names. */
export function unusedPackages(
  declared: Declared,
  files: readonly ParsedSource[],
  settings: readonly string[],
): string[] {
  const imported = new Set(
    files.flatMap((file) => file.imports.map(({ specifier }) => packageOf(specifier))),
  );
  const strings = new Set(files.flatMap((file) => [...file.strings]));
  const isNamed = (name: string) => strings.has(name) || [...strings].some((s) => s.startsWith(`${name}/`));
  return declared.names
    .filter((name) => {
      const typed = /^@types\/(.+)$/.exec(name)?.[1];
      if (typed !== undefined) return !imported.has(typed) && !(typed === "node" && imported.has("node:*"));
      return (
        !imported.has(name) &&
        !isNamed(name) &&
        !declared.commandsOf(name).some((command) => strings.has(command)) &&
        !namedInSettings(name, settings)
      );
    })
    .map((name) => `${name} is declared in package.json, but nothing uses it`);
}

/** Imported packages that package.json does not declare: they are there by accident, and may go with it. */
export function undeclaredPackages(declared: Declared, files: readonly ParsedSource[]): string[] {
  const known = (name: string): boolean => name.endsWith(":*") || declared.names.includes(name);
  return files.flatMap((file) =>
    file.imports
      .filter(({ specifier }) => !/^[./#]/.test(specifier) && !known(packageOf(specifier)))
      .map(({ specifier, line }) => `${file.path}:${line} imports ${specifier}, which is not declared`),
  );
}

/** Rows of the dependency table against package.json: each package once, each with a reason. */
export function unexplainedPackages(
  declared: Declared,
  rows: readonly { name: string; why: string }[],
): string[] {
  const explained = new Map(rows.map((row) => [row.name, row.why]));
  return [
    ...declared.names
      .filter((name) => (explained.get(name) ?? "").length < 10)
      .map((name) => `${name} is not explained in ARCHITECTURE.md`),
    ...rows
      .filter(({ name }) => !declared.names.includes(name))
      .map(({ name }) => `${name} is explained in ARCHITECTURE.md, but not declared`),
  ];
}
